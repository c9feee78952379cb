#pragma once
// Finds changes of a batch that are of the same key.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <datawal/record.hpp>

namespace datawal::kv {

/// For each record the nearest one before it with the same key. Linear in their number, and one allocation where no key comes twice.
class Predecessors {
 public:
  static constexpr std::size_t none = SIZE_MAX;

  /// @param hashes  of the keys, one for each; of a seed that no one who chooses keys knows. Throws std::bad_alloc.
  Predecessors(std::span<const RecordInput> records, std::span<const std::uint64_t> hashes);

  /// Of record `n`; `none` if its key comes for the first time.
  [[nodiscard]] std::size_t of(std::size_t n) const noexcept { return found_.empty() ? none : found_[n]; }

 private:
  std::vector<std::size_t> found_;  // empty: no key comes twice
};

}  // namespace datawal::kv
