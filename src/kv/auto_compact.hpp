#pragma once
// Compaction by itself, in the background.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include <datawal/options.hpp>

#include "kv/compact.hpp"

namespace datawal::kv {

/// A thread that compacts when the sealed segments hold enough garbage. Ends with the object, after the block that it is at.
/// Threads: any, but for destruction.
class AutoCompaction {
 public:
  /// @param alone  held during each compaction; what is referred to outlives this
  /// @return as start_thread
  [[nodiscard]] static Result<std::unique_ptr<AutoCompaction>> start(const CompactionSite& site, std::mutex& alone,
                                                                     const AutoCompact& options);
  AutoCompaction(const AutoCompaction&) = delete;
  AutoCompaction& operator=(const AutoCompaction&) = delete;
  ~AutoCompaction();

  /// There is another sealed segment, or some may hold more garbage than before.
  void look();

 private:
  AutoCompaction(const CompactionSite& site, std::mutex& alone, const AutoCompact& options)
      : site_(site), alone_(alone), options_(options) {}
  void run();
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] bool is_stopped();

  const CompactionSite site_;
  std::mutex& alone_;
  const AutoCompact options_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool is_wanted_ = true;  // the store may have been left full of garbage
  bool is_stopped_ = false;
  std::thread thread_;
};

}  // namespace datawal::kv
