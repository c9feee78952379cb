#include "kv/auto_compact.hpp"

#include <utility>

#include "kv/stats.hpp"

namespace datawal::kv {

AutoCompaction::AutoCompaction(const CompactionSite& site, std::mutex& alone, const AutoCompact& options)
    : site_(site), alone_(alone), options_(options), thread_([this] { run(); }) {}

AutoCompaction::~AutoCompaction() {
  {
    const std::lock_guard guard(mutex_);
    is_stopped_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void AutoCompaction::look() {
  {
    const std::lock_guard guard(mutex_);
    is_wanted_ = true;
  }
  wake_.notify_one();
}

bool AutoCompaction::is_stopped() {
  const std::lock_guard guard(mutex_);
  return is_stopped_;
}

bool AutoCompaction::is_due() const {
  const std::lock_guard guard(site_.changes);
  std::uint64_t bytes = 0;
  std::uint64_t garbage = 0;
  for (const SegmentStats& segment : stats_of(site_.projection).per_segment) {
    if (segment.is_active) continue;
    bytes += segment.bytes;
    garbage += segment.dead_bytes + segment.tombstone_bytes;
  }
  return garbage > 0 && static_cast<double>(garbage) >= options_.garbage_ratio * static_cast<double>(bytes);
}

void AutoCompaction::run() {
  const CompactOptions options{.min_garbage_ratio = options_.garbage_ratio,
                               .max_bytes_per_second = options_.max_bytes_per_second,
                               .on_progress = [this](const Progress&) { return !is_stopped(); }};
  for (;;) {
    {
      std::unique_lock guard(mutex_);
      wake_.wait(guard, [this] { return is_wanted_ || is_stopped_; });
      if (is_stopped_) return;
      is_wanted_ = false;
    }
    if (!is_due()) continue;
    const std::lock_guard alone(alone_);
    // What fails here fails for the next caller of compact() too, who is told; a poisoned or closed store stays as it is.
    (void)compact(site_, options);
  }
}

}  // namespace datawal::kv
