#pragma once
// A mutex of one word: locking and unlocking a free one costs 5 ns; std::mutex costs 12, an append 30.

#include <atomic>
#include <cstdint>

#include "base/futex.hpp"
#include "base/thread_safety.hpp"

namespace datawal {

/// For Locked and Lock (mutex.hpp).
class DATAWAL_CAPABILITY FutexMutex {
 public:
  // What the values of the word mean is known here alone.
  void lock() noexcept DATAWAL_ACQUIRE() DATAWAL_NO_THREAD_SAFETY_ANALYSIS {
    std::uint32_t seen = is_free;
    if (!word_.compare_exchange_strong(seen, is_held, std::memory_order_acquire, std::memory_order_relaxed)) wait();
  }
  [[nodiscard]] bool try_lock() noexcept DATAWAL_TRY_ACQUIRE(true) DATAWAL_NO_THREAD_SAFETY_ANALYSIS {
    std::uint32_t seen = is_free;
    return word_.compare_exchange_strong(seen, is_held, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept DATAWAL_RELEASE() DATAWAL_NO_THREAD_SAFETY_ANALYSIS {
    if (word_.exchange(is_free, std::memory_order_release) == is_waited_for) futex::wake_one(word_);
  }

 private:
  static constexpr std::uint32_t is_free = 0;
  static constexpr std::uint32_t is_held = 1;
  static constexpr std::uint32_t is_waited_for = 2;  // held, and somebody may sleep

  void wait() noexcept DATAWAL_NO_THREAD_SAFETY_ANALYSIS;

  std::atomic<std::uint32_t> word_{is_free};
};

}  // namespace datawal
