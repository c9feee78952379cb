#pragma once
// Reports now and then how far a pass over the segments has come.

#include <cstdint>
#include <numeric>

#include <datawal/options.hpp>

#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::log {

class ProgressMeter {
 public:
  ProgressMeter(const ProgressCallback& callback, const Snapshot& snapshot) : callback_(callback), snapshot_(snapshot) {
    for (const PinnedSegment& segment : snapshot.segments) progress_.bytes_total += segment.info.size;
    if (callback_) callback_(progress_);
  }

  /// Cheap enough to call for every record.
  void at(const RecordRef& ref) {
    if (!callback_) return;
    while (index_ < snapshot_.segments.size() && snapshot_.segments[index_].id < ref.segment) {
      finished_ += snapshot_.segments[index_++].info.size;
    }
    const std::uint64_t done = finished_ + ref.offset + ref.len;
    if (done < progress_.bytes_done + interval) return;
    progress_.bytes_done = done;
    callback_(progress_);
  }

  void finish() {
    if (!callback_) return;
    progress_.bytes_done = progress_.bytes_total;
    callback_(progress_);
  }

 private:
  static constexpr std::uint64_t interval = 16ULL << 20;  // bytes: a few milliseconds of reading

  const ProgressCallback& callback_;
  const Snapshot& snapshot_;
  Progress progress_;
  std::size_t index_ = 0;
  std::uint64_t finished_ = 0;  // bytes of the segments before the current one
};

}  // namespace datawal::log
