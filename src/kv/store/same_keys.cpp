#include "kv/store/same_keys.hpp"

#include <algorithm>
#include <numeric>

namespace datawal::kv {

std::vector<std::size_t> predecessors(std::span<const RecordInput> records, std::span<const std::uint64_t> hashes) {
  std::vector<std::size_t> found(records.size(), no_predecessor);
  std::vector<std::size_t> by_key(records.size());
  std::iota(by_key.begin(), by_key.end(), std::size_t{0});
  std::ranges::sort(by_key, [&](std::size_t a, std::size_t b) {
    if (hashes[a] != hashes[b]) return hashes[a] < hashes[b];
    const int order = records[a].key.compare(records[b].key);
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t n = 1; n < by_key.size(); ++n) {
    if (records[by_key[n - 1]].key == records[by_key[n]].key) found[by_key[n]] = by_key[n - 1];
  }
  return found;
}

}  // namespace datawal::kv
