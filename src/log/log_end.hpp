#pragma once
// Where a snapshot of a log that somebody may be writing ends.

#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>

#include <datawal/record.hpp>

namespace datawal {

/// The place behind the last record, and that record.
struct LogEnd {
  std::uint32_t segment = 0;  ///< 0: there is no segment
  std::uint64_t offset = 0;   ///< bytes of that segment
  RecordRef last{};           ///< txid 0 if whoever got to the end saw none
  bool is_damage = false;     ///< an error stands there
};

/// Fixed by the first cursor that gets to the end: a frame that becomes whole there later is the next snapshot's. So all cursors
/// of a snapshot agree, and refresh() knows what none of them has returned. Any thread.
class EndMark {
 public:
  /// The first call counts.
  void settle(const LogEnd& end, bool in_last_segment) {
    const std::lock_guard guard(mutex_);
    if (end_) return;
    end_ = end;
    if (in_last_segment) limit_.store(end.offset, std::memory_order_release);
  }

  [[nodiscard]] std::optional<LogEnd> get() const {
    const std::lock_guard guard(mutex_);
    return end_;
  }

  /// Records of the last segment that begin here or behind are not shown.
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::optional<LogEnd> end_;
  std::atomic<std::uint64_t> limit_{std::numeric_limits<std::uint64_t>::max()};
};

}  // namespace datawal
