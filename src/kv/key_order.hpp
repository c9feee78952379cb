#pragma once
// Putting live records into the order of their keys.

#include <cstdint>
#include <vector>

#include <datawal/error.hpp>

#include "kv/record_space.hpp"

namespace datawal::kv {

/// Sorts `positions`, of records with distinct keys, by ascending key bytes. Takes 16 bytes a record besides, whatever the keys'
/// length. Errors as RecordSpace::read.
[[nodiscard]] Result<void> sort_by_key(const PinnedSpace& space, std::vector<std::uint64_t>& positions);

}  // namespace datawal::kv
