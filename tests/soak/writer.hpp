#pragma once
// The process that writes until it is killed.

#include <atomic>
#include <cstdint>
#include <filesystem>

#include "soak/history.hpp"

namespace datawal::soak {

/// Shared with the process that watches it, which outlives it.
struct Progress {
  std::atomic<std::uint64_t> acknowledged{0};  ///< steps that returned success
  std::atomic<std::uint64_t> compactions{0};   ///< that came to their end
  std::atomic<std::uint64_t> resident_kib{0};  ///< the highest seen in this life
  std::atomic<std::uint64_t> descriptors{0};   ///< likewise
};

/// Who gives back space.
enum class Life : std::uint8_t { auto_compaction, compacting_thread };

/// Small, so that there is much to compact.
inline constexpr std::uint64_t segment_bytes = 1 << 20;

/// Goes on with the history behind the newest record. Writes a byte to `beat` every 256 steps. Never returns.
[[noreturn]] void write_on(const std::filesystem::path& dir, const History& history, Life life, Progress& progress,
                           int beat);

}  // namespace datawal::soak
