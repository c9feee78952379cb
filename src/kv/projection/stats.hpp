#pragma once
// A fold's counts as users see them.

#include <datawal/stats.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/projection/projection.hpp"

namespace datawal::kv {

/// All that the fold knows. By whoever holds the lock of the projection's owner.
[[nodiscard]] StoreStats stats_of(const Projection& projection);

/// Adds what the directory holds of earlier tears; leaves that at 0 where it cannot be listed.
void count_quarantine(safeatomic::Directory& directory, StoreStats& stats);

/// Adds the holds, and what they keep of the segments that are counted already.
void count_holds(safeatomic::Directory& directory, StoreStats& stats);

}  // namespace datawal::kv
