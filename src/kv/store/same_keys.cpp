#include "kv/store/same_keys.hpp"

#include <bit>

namespace datawal::kv {

Predecessors::Predecessors(std::span<const RecordInput> records, std::span<const std::uint64_t> hashes) {
  if (records.size() < 2) return;
  // The newest record of each key, by its hash: its number plus one, since 0 is an empty slot.
  std::vector<std::size_t> newest(std::bit_ceil(2 * records.size()));
  const std::size_t mask = newest.size() - 1;
  for (std::size_t n = 0; n < records.size(); ++n) {
    std::size_t at = static_cast<std::size_t>(hashes[n]) & mask;
    for (; newest[at] != 0; at = (at + 1) & mask) {
      const std::size_t earlier = newest[at] - 1;
      if (hashes[earlier] != hashes[n] || records[earlier].key != records[n].key) continue;
      if (found_.empty()) found_.assign(records.size(), none);
      found_[n] = earlier;
      break;
    }
    newest[at] = n + 1;
  }
}

}  // namespace datawal::kv
