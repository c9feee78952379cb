#pragma once
// Random tests that can be replayed.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace datawal::test {

/// A generator with a fresh seed, which is printed; DATAWAL_SEED=N in the environment replays one.
inline std::mt19937_64 seeded_random() {
  const char* given = std::getenv("DATAWAL_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::cout << "seed: DATAWAL_SEED=" << seed << '\n';
  return std::mt19937_64(seed);
}

/// A number from `low` to `high`, both included.
inline std::uint64_t between(std::mt19937_64& random, std::uint64_t low, std::uint64_t high) {
  return std::uniform_int_distribution<std::uint64_t>(low, high)(random);
}

inline std::string random_bytes(std::mt19937_64& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace datawal::test
