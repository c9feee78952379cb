#pragma once
// What a stop means: the table of docs/DURABILITY.md as one pure, total function.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <datawal/format.hpp>
#include <datawal/verify.hpp>

#include "format/watermark.hpp"

namespace datawal::log {

enum class SegmentRole : std::uint8_t { active, sealed };

/// What the watermark says about the place where a scan of the active segment stopped.
enum class Promise : std::uint8_t {
  none,    ///< nothing: there is no watermark, or it is not about this file
  kept,    ///< the stop lies at or above it: what follows was never acknowledged as durable
  broken,  ///< the stop lies below it: something that was synced is gone
};

enum class Verdict : std::uint8_t {
  keep,                 ///< not damage: the segment simply ends here
  cut_tail,             ///< a torn tail: the rest of a write that a crash cut short
  refuse,               ///< corruption: open fails, nothing is changed
  unsupported_version,  ///< a newer format: open fails, nothing is changed
};

[[nodiscard]] constexpr Verdict judge(SegmentRole role, format::Stop stop, Promise promise) noexcept {
  using format::Stop;
  if (promise == Promise::broken) return stop == Stop::unknown_version ? Verdict::unsupported_version : Verdict::refuse;
  const bool active = role == SegmentRole::active;
  switch (stop) {
    case Stop::none:
    case Stop::end_of_input: return Verdict::keep;
    case Stop::zeros: return active ? Verdict::keep : Verdict::refuse;
    case Stop::unknown_version: return Verdict::unsupported_version;
    case Stop::bad_magic:
    case Stop::unknown_type:
    case Stop::unknown_flags:
    case Stop::key_too_long:
    case Stop::payload_too_long:
    case Stop::txid_order:
      // No write cut short looks like this, but above a watermark it was never acknowledged.
      return active && promise == Promise::kept ? Verdict::cut_tail : Verdict::refuse;
    case Stop::header_cut:
    case Stop::torn_magic:
    case Stop::torn_header:
    case Stop::body_cut:
    case Stop::crc_mismatch: return active ? Verdict::cut_tail : Verdict::refuse;
  }
  std::unreachable();
}

/// Follows a scan of the active segment and compares it with the watermark.
class WatermarkCheck {
 public:
  WatermarkCheck() = default;

  /// @param highest  the highest segment id present, 0 if there is none
  /// @param inode    of that segment's file
  WatermarkCheck(const std::optional<format::Watermark>& watermark, std::uint32_t highest,
                 std::uint64_t inode) noexcept {
    if (!watermark) return;
    if (watermark->segment > highest) {
      state_ = WatermarkState::broken;
    } else if (watermark->segment < highest || watermark->inode != inode) {
      state_ = WatermarkState::elsewhere;
    } else {
      offset_ = watermark->offset;
      txid_ = watermark->txid;
      state_ = offset_ == 0 ? WatermarkState::kept : WatermarkState::ignored;  // ignored until its record is found
    }
  }

  /// The scan of the active segment begins at `begin`: everything below counts as read.
  void skipped_below(std::uint64_t begin) noexcept {
    if (state_ == WatermarkState::ignored && begin >= offset_) state_ = WatermarkState::kept;
  }

  /// Call it for every whole record of the active segment.
  void met(std::uint64_t end, std::uint64_t txid) noexcept {
    if (end == offset_ && txid == txid_ && state_ == WatermarkState::ignored) state_ = WatermarkState::kept;
  }

  /// The scan of the active segment stopped with `end` valid bytes.
  [[nodiscard]] Promise at_stop(std::uint64_t end) noexcept {
    if (state_ == WatermarkState::ignored && end < offset_) state_ = WatermarkState::broken;
    if (state_ == WatermarkState::broken) return Promise::broken;
    return state_ == WatermarkState::kept ? Promise::kept : Promise::none;
  }

  /// Everything below `end`, where the record `txid` ends, was skipped because a saved description vouches for it. So a watermark of an
  /// earlier record is not believed: only reading everything can tell whether that record is there.
  void skipped_unread(std::uint64_t end, std::uint64_t txid) noexcept {
    if (offset_ == 0 || offset_ > end || state_ == WatermarkState::elsewhere) return;
    state_ = offset_ == end && txid_ == txid ? WatermarkState::kept : WatermarkState::ignored;
  }

  /// It is proven otherwise that the record `txid`, which ends at `end` of the active segment, is on the disk. What a stop behind it
  /// means is decided by the watermark alone.
  void proved_otherwise(std::uint64_t end, std::uint64_t txid) noexcept {
    proved_offset_ = end;
    proved_txid_ = txid;
  }

  /// The segments that it names are missing altogether.
  [[nodiscard]] bool segments_are_missing() const noexcept { return state_ == WatermarkState::broken && offset_ == 0; }

  [[nodiscard]] WatermarkState state() const noexcept { return state_; }

  /// Bytes of the active segment known to be on the disk; 0 if nothing is known.
  [[nodiscard]] std::uint64_t proven_end() const noexcept {
    return std::max(state_ == WatermarkState::kept ? offset_ : 0, proved_offset_);
  }
  /// The txid that was noted with them.
  [[nodiscard]] std::uint64_t proven_txid() const noexcept {
    return std::max(state_ == WatermarkState::kept ? txid_ : 0, proved_txid_);
  }

 private:
  WatermarkState state_ = WatermarkState::absent;
  std::uint64_t offset_ = 0;
  std::uint64_t txid_ = 0;
  std::uint64_t proved_offset_ = 0;
  std::uint64_t proved_txid_ = 0;
};

}  // namespace datawal::log
