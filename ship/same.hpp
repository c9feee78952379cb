#pragma once
// Whether a store and a stream are of one history.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include <datawal/record.hpp>

#include "ship/outcome.hpp"
#include "ship/stream.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

/// A record, and what is in it.
struct Mark {
  std::uint64_t txid = 0;
  std::uint32_t crc = 0;
};

/// Holds the store against records that came one behind the other. It must have the last one; of the others it may have lost some to a
/// compaction.
/// @param marks  ascending, not empty
/// @return where the last one is; exit_other_history if the store has another one in the place of any, or not the last; exit_usage if it
///   is not known to be durable there
[[nodiscard]] Outcome<RecordRef> compare(const std::filesystem::path& dir, std::span<const Mark> marks);

/// Whether the durable records of the store go as far as a stream that ends with `end`. Errors as compare().
[[nodiscard]] Outcome<void> reaches(const std::filesystem::path& dir, const Mark& end);

/// Holds the store against the last unit of the stream, and against all that is there of a record of which only parts are.
/// @return where the newest whole record of the stream is in the store; nullopt if the stream has none. exit_other_history as compare()
[[nodiscard]] Outcome<std::optional<RecordRef>> compare_end(Stream& stream, const std::filesystem::path& dir,
                                                            const StreamEnd& end);

}  // namespace datawal::ship
