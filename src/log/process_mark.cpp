#include "log/process_mark.hpp"

#include <pthread.h>

namespace datawal {

std::atomic<std::uint64_t> ProcessMark::forks{0};

ProcessMark::ProcessMark() noexcept {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  (void)registered;  // it fails only without memory, and then a child is merely not noticed
  generation_ = forks.load(std::memory_order_relaxed);
}

}  // namespace datawal
