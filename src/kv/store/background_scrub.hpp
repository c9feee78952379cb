#pragma once
// Scrubs a store that is in use, again and again.

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include <datawal/options.hpp>
#include <datawal/stats.hpp>
#include <safeatomic/file_system.hpp>

#include "base/mutex.hpp"

namespace datawal::kv {

/// A thread that scrubs, and then waits for its next turn. Threads: any, but for stop() and destruction.
class BackgroundScrub {
 public:
  /// @return as start_thread
  [[nodiscard]] static Result<std::unique_ptr<BackgroundScrub>> start(std::shared_ptr<safeatomic::Directory> directory,
                                                                      const Scrubbing& options);
  BackgroundScrub(const BackgroundScrub&) = delete;
  BackgroundScrub& operator=(const BackgroundScrub&) = delete;
  ~BackgroundScrub() { stop(); }

  /// Ends the thread; what it is reading is given up.
  void stop();

  /// What it did so far; also after stop().
  [[nodiscard]] ScrubStats stats() const;

 private:
  BackgroundScrub(std::shared_ptr<safeatomic::Directory> directory, const Scrubbing& options)
      : directory_(std::move(directory)), options_(options) {}
  void run();
  void scrub();
  void note(const Error* wrong);
  [[nodiscard]] bool is_stopped() const;

  const std::shared_ptr<safeatomic::Directory> directory_;
  const Scrubbing options_;
  mutable Mutex mutex_;
  Condition changed_;
  bool is_stopped_ DATAWAL_GUARDED_BY(mutex_) = false;
  ScrubStats stats_ DATAWAL_GUARDED_BY(mutex_){.is_enabled = true};
  std::thread thread_;
};

}  // namespace datawal::kv
