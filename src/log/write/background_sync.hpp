#pragma once
// A thread that syncs periodically and on request.

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include <datawal/error.hpp>

#include "base/mutex.hpp"

namespace datawal::log {

class BackgroundSync {
 public:
  /// Why the thread calls back.
  enum class Reason : std::uint8_t { interval, request };
  using Callback = std::function<void(Reason)>;

  /// Starts the thread, which takes no signals.
  /// @param interval  0: only on request
  /// @param sync      called in the thread; must not throw
  /// @return io if no thread can be started
  [[nodiscard]] static Result<std::unique_ptr<BackgroundSync>> start(std::chrono::milliseconds interval, Callback sync);

  BackgroundSync(const BackgroundSync&) = delete;
  BackgroundSync& operator=(const BackgroundSync&) = delete;
  /// Waits for a call in progress, and ends the thread.
  ~BackgroundSync();

  /// Requests one call soon, however often it is called before that. Does not wait.
  void request() noexcept;

  /// For a forked child, which has no such thread: abandons everything as it is.
  static void abandon(std::unique_ptr<BackgroundSync> sync) noexcept { (void)sync.release(); }

 private:
  BackgroundSync(std::chrono::milliseconds interval, Callback sync) : interval_(interval), sync_(std::move(sync)) {}
  void run();

  const std::chrono::milliseconds interval_;
  const Callback sync_;
  Mutex mutex_;
  Condition changed_;
  bool is_requested_ DATAWAL_GUARDED_BY(mutex_) = false;
  bool is_stopped_ DATAWAL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace datawal::log
