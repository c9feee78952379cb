#pragma once
// Automatic compaction in the background.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <datawal/options.hpp>
#include <datawal/stats.hpp>

#include "base/mutex.hpp"
#include "base/worker.hpp"
#include "kv/compaction/compact.hpp"

namespace datawal::kv {

/// A thread that compacts when the sealed segments hold enough garbage. Threads: any, but for stop() and destruction.
class AutoCompaction {
 public:
  using OnEnd = std::function<void(const Result<CompactionStats>& done)>;

  /// @param alone   held during each compaction; everything referred to must outlive this
  /// @param on_end  called after each one, from the thread
  /// @return as Worker::start
  [[nodiscard]] static Result<std::unique_ptr<AutoCompaction>> start(const CompactionSite& site, Mutex& alone,
                                                                     const AutoCompact& options, OnEnd on_end);
  AutoCompaction(const AutoCompaction&) = delete;
  AutoCompaction& operator=(const AutoCompaction&) = delete;

  /// Call it when another segment was sealed, or when some may hold more garbage than before. Does nothing after stop().
  void look() { worker_->wake(); }

  /// Segments beside `live_bytes` of live records had better not be larger: only a whole one is given back, never the newest, and what
  /// is left of it takes room beside it.
  [[nodiscard]] static std::uint64_t segment_bytes_for(std::uint64_t live_bytes) noexcept {
    constexpr std::uint64_t least = 16ULL << 20;
    return std::max(live_bytes / 8, least);
  }

  /// Ends the thread after the current block.
  void stop() { worker_->stop(); }

  /// What it did so far; also after stop().
  [[nodiscard]] AutoCompactStats stats() const;

 private:
  AutoCompaction(const CompactionSite& site, Mutex& alone, const AutoCompact& options, OnEnd on_end)
      : site_(site), alone_(alone), options_(options), on_end_(std::move(on_end)) {}
  void run();
  void note(Result<CompactionStats> done);
  [[nodiscard]] bool is_due() const;

  const CompactionSite site_;
  Mutex& alone_;
  const AutoCompact options_;
  const OnEnd on_end_;
  mutable Mutex mutex_;
  AutoCompactStats stats_ DATAWAL_GUARDED_BY(mutex_){.is_enabled = true};
  std::unique_ptr<Worker> worker_;  // ends before anything that it uses
};

}  // namespace datawal::kv
