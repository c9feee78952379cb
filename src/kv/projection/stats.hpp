#pragma once
// Turns a fold's counts into statistics for users.

#include <datawal/stats.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/projection/projection.hpp"

namespace datawal::kv {

/// All that the fold knows. The caller must hold the lock of the projection's owner.
[[nodiscard]] StoreStats stats_of(const Projection& projection);

/// Adds the quarantine files in the directory; leaves that at 0 if it cannot be listed.
void count_quarantine(safeatomic::Directory& directory, StoreStats& stats);

/// Adds the holds, and what they keep of the segments that are counted already.
void count_holds(safeatomic::Directory& directory, StoreStats& stats);

}  // namespace datawal::kv
