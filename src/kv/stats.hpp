#pragma once
// A fold's counts as users see them.

#include <datawal/stats.hpp>

#include "kv/projection.hpp"

namespace datawal::kv {

/// All that the fold knows. By whoever holds the lock of the projection's owner.
[[nodiscard]] StoreStats stats_of(const Projection& projection);

}  // namespace datawal::kv
