#include "log/write/background_sync.hpp"

#include <algorithm>
#include <utility>

#include "base/library_thread.hpp"

namespace datawal::log {

Result<std::unique_ptr<BackgroundSync>> BackgroundSync::start(std::chrono::milliseconds interval, Callback sync) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);  // overflows no clock
  std::unique_ptr<BackgroundSync> background(new BackgroundSync(std::min(interval, longest), std::move(sync)));
  Result<std::thread> thread = start_thread([behind = background.get()] { behind->run(); });
  if (!thread) return propagate(thread);
  background->thread_ = std::move(*thread);
  return background;
}

BackgroundSync::~BackgroundSync() {
  if (!thread_.joinable()) return;
  {
    const Locked guard(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_one();
  join(thread_);
}

void BackgroundSync::request() noexcept {
  {
    const Locked guard(mutex_);
    is_requested_ = true;
  }
  changed_.notify_one();
}

void BackgroundSync::run() {
  Lock guard(mutex_);
  auto next = std::chrono::steady_clock::now() + interval_;
  for (;;) {
    while (!is_requested_ && !is_stopped_) {
      if (interval_.count() == 0) {
        changed_.wait(mutex_);
      } else {
        if (std::chrono::steady_clock::now() >= next) break;
        changed_.wait_until(mutex_, next);
      }
    }
    if (is_stopped_) return;
    const Reason reason = std::exchange(is_requested_, false) ? Reason::request : Reason::interval;
    guard.unlock();
    sync_(reason);
    guard.lock();
    if (reason == Reason::interval) next = std::chrono::steady_clock::now() + interval_;
  }
}

}  // namespace datawal::log
