#pragma once
// Checksums of many long, overlapping ranges, without reading their bytes again for each.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

namespace datawal::segment {

/// Keeps the checksum of all bytes up to every 512th, from where the first range began: for these each byte is checksummed once,
/// and for each range less than 1,024 more. Takes 4 bytes of memory per 512 of the longest range.
class RangeCrc {
 public:
  /// How many bytes of() would checksum for that range.
  [[nodiscard]] std::uint64_t cost(std::uint64_t offset, std::uint64_t len) const noexcept;

  /// The CRC-32C of `bytes`, which lie at `offset` of the file; no range begins before an earlier one.
  [[nodiscard]] std::uint32_t of(std::uint64_t offset, std::string_view bytes);

 private:
  static constexpr std::uint64_t step = 512;

  [[nodiscard]] std::uint64_t end() const noexcept { return first_ + (crcs_.size() - 1) * step; }
  /// True if the marks so far can be continued for a range that begins there.
  [[nodiscard]] bool reaches(std::uint64_t offset) const noexcept { return !crcs_.empty() && offset <= end(); }
  /// The first mark at or after `offset`, which is within reach.
  [[nodiscard]] std::uint64_t mark_behind(std::uint64_t offset) const noexcept {
    return offset <= first_ ? first_ : first_ + (offset - first_ + step - 1) / step * step;
  }

  std::uint64_t first_ = 0;         // where the first mark lies
  std::deque<std::uint32_t> crcs_;  // of all bytes from the origin to each mark, `step` bytes apart
};

}  // namespace datawal::segment
