#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace datawal::interleave {

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = hash * 0x9E3779B97F4A7C15ULL + value;  // no exclusive or: a thread's own hash is often the value
  hash ^= hash >> 29;
  hash *= 0xBF58476D1CE4E5B9ULL;
  return hash ^ (hash >> 32);
}

[[nodiscard]] inline std::uint64_t mix(std::uint64_t hash, std::string_view value) noexcept {
  return mix(hash, std::hash<std::string_view>{}(value));
}

}  // namespace datawal::interleave
