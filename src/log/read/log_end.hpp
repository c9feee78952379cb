#pragma once
// Where a snapshot ends if somebody may be writing the log.

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>

#include <datawal/record.hpp>

#include "base/mutex.hpp"

namespace datawal::log {

/// The place after the last record, and that record.
struct LogEnd {
  std::uint32_t segment = 0;  ///< 0: there is no segment
  std::uint64_t offset = 0;   ///< bytes of that segment
  RecordRef last{};           ///< txid 0 if the cursor that got to the end saw none
  bool is_damage = false;     ///< there is an error
};

/// Fixed by the first cursor that gets to the end from where a record is known to begin: a frame that becomes whole there later
/// belongs to the next snapshot. So all cursors of a snapshot agree, and refresh() knows what none of them has returned. Any thread.
class EndMark {
 public:
  /// True if the frames from `begin` to `end` of the last segment, all of them whole, are to be shown: no end is settled before
  /// `end` any more. False if only some of them are, or none.
  [[nodiscard]] bool admit(std::uint64_t begin, std::uint64_t end) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      if ((word & settled) != 0) return begin < (word & ~settled);
      if (end <= word || word_.compare_exchange_weak(word, end, std::memory_order_acq_rel, std::memory_order_acquire)) {
        return true;
      }
    }
  }

  /// Settles on `end`, unless there is an end already.
  /// @return false if a record after it was shown: it must be there, look again
  [[nodiscard]] bool settle(const LogEnd& end, bool in_last_segment) { return settle(end, in_last_segment, false); }

  /// The same, whatever was shown: that is gone.
  void settle_anyway(const LogEnd& end, bool in_last_segment) { (void)settle(end, in_last_segment, true); }

  [[nodiscard]] std::optional<LogEnd> get() const {
    const Locked guard(mutex_);
    return end_;
  }

  /// Records of the last segment that begin here or later are not shown.
  [[nodiscard]] std::uint64_t limit() const noexcept {
    const std::uint64_t word = word_.load(std::memory_order_acquire);
    return (word & settled) != 0 ? word & ~settled : std::numeric_limits<std::uint64_t>::max();
  }

 private:
  // No file is that long.
  static constexpr std::uint64_t settled = 1ULL << 63;

  bool settle(const LogEnd& end, bool in_last_segment, bool anyway) {
    const Locked guard(mutex_);
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

  mutable Mutex mutex_;
  std::optional<LogEnd> end_ DATAWAL_GUARDED_BY(mutex_);
  // After the last frame shown of the last segment; with `settled`, the end.
  std::atomic<std::uint64_t> word_{0};
};

}  // namespace datawal::log
