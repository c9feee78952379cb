#pragma once
// Which changes of a batch are of the same key.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <datawal/record.hpp>

namespace datawal::kv {

inline constexpr std::size_t no_predecessor = SIZE_MAX;

/// For each record the nearest one before it with the same key, or no_predecessor.
/// @param hashes  of the keys, one for each
[[nodiscard]] std::vector<std::size_t> predecessors(std::span<const RecordInput> records,
                                                    std::span<const std::uint64_t> hashes);

}  // namespace datawal::kv
