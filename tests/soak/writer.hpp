#pragma once
// The process that writes until it is killed.

#include <atomic>
#include <cstdint>
#include <filesystem>

#include <datawal/options.hpp>

#include "soak/history.hpp"

namespace datawal::soak {

/// Shared with the process that watches it, which outlives it.
struct Progress {
  std::atomic<std::uint64_t> acknowledged{0};  ///< steps that returned success
  std::atomic<std::uint64_t> compactions{0};   ///< that came to their end
  std::atomic<std::uint64_t> resident_kib{0};  ///< the highest seen in this life
  std::atomic<std::uint64_t> descriptors{0};   ///< likewise
};

/// How a writing process lives.
struct Life {
  bool compacts_in_background = false;  ///< else a thread of its own compacts
  bool saves = false;                   ///< it uses and writes the persisted index and the state of the log
};

/// Such that the index and the state are written often, not only where it pays.
inline constexpr IndexOptions saved_index{.is_enabled = true, .least_records = 0, .least_bytes = 1 << 20};
inline constexpr StateOptions saved_state{.is_enabled = true, .least_bytes = 0};

/// Small, so that there is much to compact.
inline constexpr std::uint64_t segment_bytes = 1 << 20;

/// Goes on with the history behind the newest record. Writes a byte to `beat` every 256 steps. Never returns.
[[noreturn]] void write_on(const std::filesystem::path& dir, const History& history, Life life, Progress& progress,
                           int beat);

}  // namespace datawal::soak
