#include "segment/range_crc.hpp"

#include <algorithm>

#include <datawal/format.hpp>

#include "format/crc32c_join.hpp"

namespace datawal::segment {

using format::crc32c;
using format::crc32c_behind;

std::uint64_t RangeCrc::cost(std::uint64_t offset, std::uint64_t len) const noexcept {
  const std::uint64_t known = reaches(offset) ? end() : offset;
  const std::uint64_t range_end = offset + len;
  return (range_end > known ? (range_end - known) / step * step : 0) + 2 * step;
}

std::uint32_t RangeCrc::of(std::uint64_t offset, std::string_view bytes) {
  if (!reaches(offset)) {
    crcs_.assign(1, 0);
    first_ = offset;
  }
  const std::uint64_t range_end = offset + bytes.size();
  while (end() + step <= range_end) {
    const std::string_view next = bytes.substr(static_cast<std::size_t>(end() - offset), step);
    crcs_.push_back(crc32c(next, crcs_.back()));
  }
  const std::uint64_t begin_mark = mark_behind(offset);
  for (; first_ < begin_mark; first_ += step) crcs_.pop_front();
  if (begin_mark > range_end) return crc32c(bytes);  // shorter than a step
  const std::uint64_t steps = std::min<std::uint64_t>((range_end - begin_mark) / step, crcs_.size() - 1);
  const std::uint64_t between = steps * step;
  const auto front = static_cast<std::size_t>(begin_mark - offset);
  const std::uint32_t middle = crcs_[static_cast<std::size_t>(steps)] ^ crc32c_behind(crcs_.front(), between);
  const std::uint32_t upto = crc32c_behind(crc32c(bytes.substr(0, front)), between) ^ middle;
  return crc32c(bytes.substr(front + static_cast<std::size_t>(between)), upto);
}

}  // namespace datawal::segment
