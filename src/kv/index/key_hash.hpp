#pragma once
// The hash under which the key directory knows a key.

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace datawal::kv {

/// XXH3, 64 bits. Never stored: it may differ from process to process.
[[nodiscard]] inline std::uint64_t key_hash(std::string_view key, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

/// This process's seed: random, so that nobody can choose keys that collide.
[[nodiscard]] std::uint64_t process_hash_seed() noexcept;

}  // namespace datawal::kv
