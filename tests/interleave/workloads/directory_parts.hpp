#pragma once
// A key directory of a few entries, and what threads do with it.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "interleave/world/invariant.hpp"
#include "kv/index/key_directory.hpp"

namespace datawal::interleave {

using Part = std::function<void(kv::KeyDirectory&)>;

inline constexpr std::uint64_t split_count = 376;  // a page is split by an insert into so many

// Tags spread evenly: a split moves half of them. All are of one part.
constexpr std::uint64_t hash_of(std::uint64_t number) noexcept { return (number + 1) * (0xFFFF'FFFFULL / 400); }
constexpr std::uint64_t address_of(std::uint64_t number) noexcept { return number + 1; }
inline constexpr std::uint64_t moved = 1'000'000;  // added to an address

inline void expect_one_of(std::uint64_t found, const std::vector<std::uint64_t>& allowed) {
  for (const std::uint64_t one : allowed) {
    if (found == one) return;
  }
  violated(Invariant::get_is_a_state, "a look-up ends with " + std::to_string(found));
}

}  // namespace datawal::interleave
