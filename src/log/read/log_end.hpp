#pragma once
// Where a snapshot of a log that somebody may be writing ends.

#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>

#include <datawal/record.hpp>

namespace datawal::log {

/// The place behind the last record, and that record.
struct LogEnd {
  std::uint32_t segment = 0;  ///< 0: there is no segment
  std::uint64_t offset = 0;   ///< bytes of that segment
  RecordRef last{};           ///< txid 0 if whoever got to the end saw none
  bool is_damage = false;     ///< an error stands there
};

/// Fixed by the first cursor that gets to the end, coming from where a record is known to begin: a frame that becomes whole there
/// later is the next snapshot's. So all cursors of a snapshot agree, and refresh() knows what none of them has returned. Any thread.
class EndMark {
 public:
  /// Whether the frames from `begin` to `end` of the last segment, all of them whole, are to be shown, or else only some of
  /// them, or none. If they are, no end is settled before `end` any more.
  [[nodiscard]] bool admit(std::uint64_t begin, std::uint64_t end) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      if ((word & settled) != 0) return begin < (word & ~settled);
      if (end <= word || word_.compare_exchange_weak(word, end, std::memory_order_acq_rel, std::memory_order_acquire)) {
        return true;
      }
    }
  }

  /// Takes `end` for the end, unless there is one.
  /// @return false if a record behind it was shown: it must be there, look again
  [[nodiscard]] bool settle(const LogEnd& end, bool in_last_segment) { return settle(end, in_last_segment, false); }

  /// The same, whatever was shown: what was there is gone.
  void settle_anyway(const LogEnd& end, bool in_last_segment) { (void)settle(end, in_last_segment, true); }

  [[nodiscard]] std::optional<LogEnd> get() const {
    const std::lock_guard guard(mutex_);
    return end_;
  }

  /// Records of the last segment that begin here or behind are not shown.
  [[nodiscard]] std::uint64_t limit() const noexcept {
    const std::uint64_t word = word_.load(std::memory_order_acquire);
    return (word & settled) != 0 ? word & ~settled : std::numeric_limits<std::uint64_t>::max();
  }

 private:
  // No file is that long.
  static constexpr std::uint64_t settled = 1ULL << 63;

  bool settle(const LogEnd& end, bool in_last_segment, bool anyway) {
    const std::lock_guard guard(mutex_);
    if (end_) return true;
    if (in_last_segment) {
      std::uint64_t word = word_.load(std::memory_order_acquire);
      do {
        if (!anyway && word > end.offset) return false;
      } while (!word_.compare_exchange_weak(word, end.offset | settled, std::memory_order_acq_rel,
                                            std::memory_order_acquire));
    }
    end_ = end;
    return true;
  }

  mutable std::mutex mutex_;
  std::optional<LogEnd> end_;
  // Behind the last frame of the last segment that was shown; with `settled`, the end.
  std::atomic<std::uint64_t> word_{0};
};

}  // namespace datawal::log
