#include "base/futex_mutex.hpp"

namespace datawal {

void FutexMutex::wait() noexcept {
  constexpr int tries = 64;  // about the time of an append; after that a sleep is worth its system call
  for (int n = 0; n < tries; ++n) {
    if (word_.load(std::memory_order_relaxed) == is_free && try_lock()) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  while (word_.exchange(is_waited_for, std::memory_order_acquire) != is_free) futex::wait(word_, is_waited_for);
}

}  // namespace datawal
