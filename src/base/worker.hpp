#pragma once
// A thread that does one kind of work whenever it is woken.

#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include <datawal/error.hpp>

#include "base/mutex.hpp"

namespace datawal {

/// Threads: any, but for stop() and destruction.
class Worker {
 public:
  /// @param work  called in the thread, once for each wake-up or for several together
  /// @return as start_thread
  [[nodiscard]] static Result<std::unique_ptr<Worker>> start(std::function<void()> work);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { stop(); }

  /// Tells the thread that there is work. Does nothing after stop().
  void wake();
  /// Ends the thread once the current call of `work` has returned.
  void stop();
  /// True once stop() was called: the current work may end early.
  [[nodiscard]] bool is_stopped() const;

 private:
  explicit Worker(std::function<void()> work) : work_(std::move(work)) {}
  void run();

  const std::function<void()> work_;
  mutable Mutex mutex_;
  Condition wake_;
  bool is_wanted_ DATAWAL_GUARDED_BY(mutex_) = false;
  bool is_stopped_ DATAWAL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace datawal
