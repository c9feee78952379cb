#pragma once
// Decides which of the whole frames after damage are records of the log, and which are bytes of somebody's value.

#include <cstdint>
#include <functional>
#include <optional>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "segment/resync.hpp"

namespace datawal::segment {

/// Whole records, back to back, with ascending txids.
struct Run {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t first_txid = 0;
  std::uint64_t last_txid = 0;
  std::uint64_t records = 0;
};

/// What to search.
struct RunSearch {
  std::uint64_t begin = 0;  ///< where a record begins, or should begin
  std::uint64_t end = 0;
  std::optional<std::uint64_t> previous_txid{};  ///< of the record before, in this segment or an earlier one
};

/// Whole frames that, as far as can be told, are no records of the log.
struct Apart {
  std::uint64_t records = 0;  ///< how many (a lower bound)
  std::uint64_t highest_txid = 0;
};

/// Calls `found` for each run of records in [search.begin, search.end), ascending. A value may hold frames, even whole segments, so
/// after a place where no record can be read this decides which frame is the next record:
/// - what lies inside the extent announced by the damaged record's header is opaque, unless a checksum proves the record shorter
///   or longer (its length is damaged), or a chain of records that reaches the end of the segment runs across its end;
/// - without a credible header, the chain that reaches the end of the segment wins, and besides it only what leaves room for a
///   damaged record on either side, in bytes and in txids.
/// Whatever else decodes is counted apart. Takes memory for some hundred thousand runs at most, and a few times the time of
/// find_records, even if there are many more; also, for each damaged record with a sound header, one checksum of the bytes
/// that it announces.
[[nodiscard]] Result<Apart> find_runs(safeatomic::File& file, const RunSearch& search, CrcWork& work,
                                      const std::function<Result<void>(const Run&)>& found);

/// How many records lie in the range, or a lower bound: at most about 8 bytes of CRC work per byte searched.
[[nodiscard]] Result<std::uint64_t> count_in_runs(safeatomic::File& file, const RunSearch& search);

}  // namespace datawal::segment
