#pragma once
// What a search for frames reads: the bytes, once and forward, and the checksums, without an extra byte.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <safeatomic/file_system.hpp>

#include "format/frame.hpp"
#include "segment/range_crc.hpp"
#include "segment/resync.hpp"

namespace datawal::segment {

/// A part of the file in memory that moves forward and never reads a byte twice. One thread at a time.
class Window {
 public:
  Window(safeatomic::File& file, std::uint64_t end) : file_(file), end_(end) {}

  /// The `len` bytes from `offset` on, or fewer at the end.
  [[nodiscard]] Result<std::string_view> at(std::uint64_t offset, std::size_t len);

  /// The first magic at or after `offset`. Skips holes.
  [[nodiscard]] Result<std::optional<std::uint64_t>> find_magic(std::uint64_t offset);

 private:
  [[nodiscard]] std::string_view view_from(std::uint64_t offset) const noexcept {
    if (offset < offset_ || offset >= offset_ + filled_) return {};
    const auto skipped = static_cast<std::size_t>(offset - offset_);
    return {buffer_.data() + skipped, filled_ - skipped};
  }
  [[nodiscard]] Result<void> cover(std::uint64_t offset, std::size_t len);

  safeatomic::File& file_;
  std::uint64_t end_;
  std::vector<char> buffer_;
  std::uint64_t offset_ = 0;  // of the buffer's first byte, in the file
  std::size_t filled_ = 0;
};

/// Lets the CRC judge what looks like a frame. Most candidates are frames and are checked directly. If so much was checked in vain
/// that somebody seems to intend it, or if frames lie inside one another, the checksums of overlapping ranges are joined from parts.
/// Ask in ascending order.
class FrameCheck {
 public:
  FrameCheck(std::uint64_t begin, CrcWork& work) : begin_(begin), work_(work) {}

  /// The whole, valid frame at `offset` of `file`, ending before `end`, if one begins there and the budget allows its checksum;
  /// its views are valid until the window moves.
  [[nodiscard]] Result<std::optional<format::DecodedRecord>> frame_at(Window& window, std::uint64_t offset,
                                                                      std::uint64_t end);

 private:
  [[nodiscard]] bool can_afford(std::uint64_t offset, std::uint64_t len) const noexcept {
    return cost(offset, len) <= work_.limit - work_.done;
  }
  [[nodiscard]] bool is_right(std::uint64_t offset, std::string_view frame);
  [[nodiscard]] bool is_cheap(std::uint64_t offset, std::uint64_t len) const noexcept {
    constexpr std::uint64_t at_first = 4096;
    return in_vain_ + len <= at_first + 4 * (offset - begin_);
  }
  [[nodiscard]] std::uint64_t cost(std::uint64_t offset, std::uint64_t len) const noexcept {
    return is_cheap(offset, len) ? len : std::min(len, ranges_.cost(offset, len));
  }

  const std::uint64_t begin_;
  CrcWork& work_;
  RangeCrc ranges_;
  std::uint64_t in_vain_ = 0;    // bytes that were no frame, or were checked before for another one
  std::uint64_t right_end_ = 0;  // the highest end of the frames so far
};

}  // namespace datawal::segment
