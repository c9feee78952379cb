#pragma once
// Waits for a word of memory to change, without a lock of its own.

#include <atomic>
#include <cstdint>

namespace datawal::futex {

/// Sleeps while `word` is `expected`, but may return at any time.
void wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept;

void wake_one(const std::atomic<std::uint32_t>& word) noexcept;
void wake_all(const std::atomic<std::uint32_t>& word) noexcept;

}  // namespace datawal::futex
