#include "kv/index/key_hash.hpp"

#include <unistd.h>

#include <chrono>

namespace datawal::kv {

namespace {

std::uint64_t draw_seed() noexcept {
  std::uint64_t seed = 0;
  if (::getentropy(&seed, sizeof seed) == 0) return seed;
  // No entropy, as in an early or a caged process: what an attacker would have to guess, then.
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  const auto place = reinterpret_cast<std::uintptr_t>(&seed);
  return XXH3_64bits_withSeed(&now, sizeof now,
                              static_cast<std::uint64_t>(place) ^ static_cast<std::uint64_t>(::getpid()));
}

}  // namespace

std::uint64_t process_hash_seed() noexcept {
  static const std::uint64_t seed = draw_seed();
  return seed;
}

}  // namespace datawal::kv
