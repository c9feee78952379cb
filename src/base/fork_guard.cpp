#include "base/fork_guard.hpp"

#include <pthread.h>

namespace datawal {

std::atomic<std::uint64_t> ForkGuard::forks{0};

// When the library is loaded, not when the first mark is made: a child made meanwhile would wait forever for another
// thread to finish. It fails only without memory, and then a child is merely not noticed.
const int ForkGuard::registered = pthread_atfork(nullptr, nullptr,
                                                 [] { forks.fetch_add(1, std::memory_order_relaxed); });

ForkGuard::ForkGuard() noexcept : generation_(forks.load(std::memory_order_relaxed)) {}

}  // namespace datawal
