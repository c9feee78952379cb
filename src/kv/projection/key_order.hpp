#pragma once
// Sorts live records by their keys.

#include <cstdint>
#include <vector>

#include <datawal/error.hpp>

#include "kv/projection/key_reader.hpp"

namespace datawal::kv {

/// Sorts `addresses`, of records with distinct keys, by ascending key bytes. Takes 16 bytes a record besides, whatever the keys'
/// length, and up to 40 MiB where many are alike in their first 16 bytes. Errors as KeyReader::read.
[[nodiscard]] Result<void> sort_by_key(const KeyReader& keys, std::vector<std::uint64_t>& addresses);

}  // namespace datawal::kv
