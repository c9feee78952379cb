#pragma once
// What the tests of the key directory share.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "kv/index/key_directory.hpp"

namespace datawal::kv {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
inline constexpr bool is_sanitized = __has_feature(thread_sanitizer) || __has_feature(address_sanitizer);
#else
inline constexpr bool is_sanitized = false;
#endif

/// The hash of key number `key`: bijective, and as good as random.
[[nodiscard]] constexpr std::uint64_t hash_of(std::uint64_t key) noexcept {
  std::uint64_t x = key + 0x9E37'79B9'7F4A'7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBULL;
  return x ^ (x >> 31);
}

/// All addresses that the directory gives for a hash, ascending.
[[nodiscard]] inline std::vector<std::uint64_t> positions_of(const KeyDirectory& directory, std::uint64_t hash) {
  for (;;) {
    std::vector<std::uint64_t> all;
    Candidates candidates = directory.find(hash);
    bool whole = true;
    for (;;) {
      all.insert(all.end(), candidates.addresses().begin(), candidates.addresses().end());
      if (!candidates.has_more()) break;
      whole = directory.advance(candidates);
      if (!whole) break;
    }
    if (!whole) continue;
    std::ranges::sort(all);
    return all;
  }
}

[[nodiscard]] inline bool holds(const KeyDirectory& directory, std::uint64_t hash, std::uint64_t address) {
  return directory.lookup(hash, [address](std::uint64_t candidate) { return candidate == address; });
}

/// A new seed at every run, or DATAWAL_TEST_SEED's; printed, so that a failure can be replayed.
[[nodiscard]] inline std::uint64_t test_seed() {
  const char* const given = std::getenv("DATAWAL_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
  std::cout << "DATAWAL_TEST_SEED=" << seed << '\n';
  return seed;
}

}  // namespace datawal::kv
