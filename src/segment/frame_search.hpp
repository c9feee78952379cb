#pragma once
// What a search for frames goes through: the bytes, once and forward, and the checksums, without a byte too many.

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

  /// The bytes from `offset` on, `len` of them or as many as there are before the end.
  [[nodiscard]] Result<std::string_view> at(std::uint64_t offset, std::size_t len);

  /// The first magic at or behind `offset`. Skips holes.
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

/// Lets the CRC judge what looks like a frame. Most of it is one, and checked as it stands. Where so much was checked in vain that
/// somebody seems to want that, or where frames lie inside one another, the checksums of ranges that overlap are put together from parts. Asked in ascending order.
class FrameCheck {
 public:
  FrameCheck(std::uint64_t begin, CrcWork& work) : begin_(begin), work_(work) {}

  /// The frame at `offset` of `file`, whole and right and before `end`, if one begins there and its checksum can be afforded;
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
  std::uint64_t in_vain_ = 0;    // bytes that were no frame, or were checked for another one before
  std::uint64_t right_end_ = 0;  // of the frames so far, the highest
};

}  // namespace datawal::segment
