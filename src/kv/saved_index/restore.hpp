#pragma once
// From a persisted index to a projection of the log up to P.

#include <cstdint>
#include <optional>
#include <string>

#include "kv/projection/projection.hpp"
#include "kv/saved_index/index_file.hpp"
#include "kv/saved_index/page_file.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::kv {

/// For whom.
struct RestoreOptions {
  Damage damage = Damage::is_left;
  std::uint32_t unmapped_id = 0;  ///< as Replay
};

/// Makes `projection`, which is new and has the index's seed, that of the log up to P. Its last segment is that of P; the pages of its
/// directory stay on file. Throws std::bad_alloc.
/// @return why that cannot be; then the projection is of no use
[[nodiscard]] std::optional<std::string> restore(SavedIndex index, const log::Snapshot& snapshot,
                                                 Projection& projection, const RestoreOptions& options);

}  // namespace datawal::kv
