#include "segment/tail.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"
#include "segment/range_crc.hpp"
#include "segment/scanner.hpp"

namespace datawal::segment {

namespace {

constexpr std::uint64_t crc_work_per_byte = 8;

// Calls `each(offset, bytes)` for blocks of the data in [begin, end) in ascending order; false stops.
template <class Each>
Result<void> for_each_block(safeatomic::File& file, std::uint64_t begin, std::uint64_t end, Each each) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(Scanner::block_len);
  std::uint64_t at = begin;
  while (at < end) {
    safeatomic::Result<std::optional<safeatomic::DataRange>> range = file.next_data(at);
    if (!range) return format::lift(range, "read segment");
    if (!range->has_value()) return {};
    at = std::max(at, (*range)->begin);
    const std::uint64_t stop = std::min(end, (*range)->end);
    while (at < stop) {
      const auto len = static_cast<std::size_t>(std::min<std::uint64_t>(Scanner::block_len, stop - at));
      safeatomic::Result<std::size_t> got = safeatomic::read_all(file, at, std::span(buffer.get(), len));
      if (!got) return format::lift(got, "read segment");
      if (*got == 0) return {};
      if (!each(at, std::string_view(buffer.get(), *got))) return {};
      at += *got;
    }
  }
  return {};
}

// How many bytes remain when the zeros at the end are taken off.
std::size_t length_without_zeros(std::string_view bytes) noexcept {
  std::size_t len = bytes.size();
  constexpr std::size_t word = sizeof(std::uint64_t);
  while (len >= word) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + len - word, word);
    if (value != 0) break;
    len -= word;
  }
  while (len > 0 && bytes[len - 1] == 0) --len;
  return len;
}

// A part of the file in memory that moves forward and never reads a byte twice.
class Window {
 public:
  Window(safeatomic::File& file, std::uint64_t end) : file_(file), end_(end) {}

  // The bytes from `offset` on, `len` of them or as many as there are before the end.
  Result<std::string_view> at(std::uint64_t offset, std::size_t len) {
    if (Result<void> covered = cover(offset, len); !covered) return propagate(covered);
    return view_from(offset).substr(0, len);
  }

  // The first magic at or behind `offset`.
  Result<std::optional<std::uint64_t>> find_magic(std::uint64_t offset) {
    for (;;) {
      if (Result<void> covered = cover(offset, format::magic.size()); !covered) return propagate(covered);
      const std::string_view view = view_from(offset);
      if (view.size() < format::magic.size()) return std::nullopt;
      if (const std::size_t pos = view.find(format::magic); pos != std::string_view::npos) return offset + pos;
      offset += view.size() - (format::magic.size() - 1);
      safeatomic::Result<std::optional<safeatomic::DataRange>> data = file_.next_data(offset);
      if (!data) return format::lift(data, "read segment");
      if (!*data) return std::nullopt;
      offset = std::max(offset, (*data)->begin);
    }
  }

 private:
  std::string_view view_from(std::uint64_t offset) const noexcept {
    if (offset < offset_ || offset >= offset_ + filled_) return {};
    const auto skipped = static_cast<std::size_t>(offset - offset_);
    return {buffer_.data() + skipped, filled_ - skipped};
  }

  Result<void> cover(std::uint64_t offset, std::size_t len) {
    if (offset >= end_) return {};
    const std::string_view kept = view_from(offset);
    if (kept.size() >= std::min<std::uint64_t>(len, end_ - offset)) return {};
    if (!kept.empty()) std::memmove(buffer_.data(), kept.data(), kept.size());
    filled_ = kept.size();
    offset_ = offset;
    // Twice what is asked for, so that what is kept of it is moved at most once for every byte that is passed.
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(2 * len, end_ - offset));
    buffer_.resize(std::max({buffer_.size(), wanted, Scanner::block_len}));
    const auto room = static_cast<std::size_t>(
        std::min<std::uint64_t>(buffer_.size() - filled_, end_ - offset_ - filled_));
    safeatomic::Result<std::size_t> got = safeatomic::read_all(file_, offset_ + filled_,
                                                               std::span(buffer_.data() + filled_, room));
    if (!got) return format::lift(got, "read segment");
    filled_ += *got;
    if (*got < room) end_ = offset_ + filled_;  // the file is shorter by now
    return {};
  }

  safeatomic::File& file_;
  std::uint64_t end_;
  std::vector<char> buffer_;
  std::uint64_t offset_ = 0;  // of the buffer's first byte, in the file
  std::size_t filled_ = 0;
};

// Lets the CRC judge what looks like a frame. Most of it is one, and checked as it stands. Where so much was checked in vain that
// somebody seems to want that, the checksums of ranges that overlap are put together from parts.
class Judge {
 public:
  Judge(std::uint64_t begin, CrcWork& work) : begin_(begin), work_(work) {}

  [[nodiscard]] bool can_afford(std::uint64_t offset, std::uint64_t len) const noexcept {
    return cost(offset, len) <= work_.limit - work_.done;
  }

  /// Whether the frame's checksum is right; one that can be afforded.
  [[nodiscard]] bool is_right(std::uint64_t offset, std::string_view frame) {
    const bool is_direct = is_cheap(offset, frame.size());
    work_.done += cost(offset, frame.size());
    const std::string_view covered = frame.substr(0, frame.size() - format::crc_len);
    const std::uint32_t crc = is_direct ? format::crc32c(covered) : ranges_.of(offset, covered);
    const bool is_right = crc == format::stored_crc(frame.data(), frame.size());
    if (is_direct && !is_right) in_vain_ += frame.size();
    return is_right;
  }

 private:
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
  std::uint64_t in_vain_ = 0;
};

}  // namespace

Result<std::uint64_t> end_of_data(safeatomic::File& file, std::uint64_t begin, std::uint64_t end) {
  std::uint64_t last = begin;
  Result<void> read = for_each_block(file, begin, end, [&last](std::uint64_t offset, std::string_view bytes) {
    if (const std::size_t len = length_without_zeros(bytes); len > 0) last = offset + len;
    return true;
  });
  if (!read) return propagate(read);
  return last;
}

Result<std::uint64_t> find_records(
    safeatomic::File& file, std::uint64_t begin, std::uint64_t end, CrcWork& work,
    const std::function<Result<void>(std::uint64_t, const format::DecodedRecord&)>& found) {
  std::uint64_t count = 0;
  Window window(file, end);
  Judge judge(begin, work);
  std::uint64_t at = begin;  // everything below was searched
  for (;;) {
    Result<std::optional<std::uint64_t>> hit = window.find_magic(at);
    if (!hit) return propagate(hit);
    if (!*hit) return count;
    at = **hit + 1;

    Result<std::string_view> header = window.at(**hit, format::header_len);
    if (!header) return propagate(header);
    // Whatever is wrong with a lone header shows before its body is missed.
    if (format::decode_next(*header).stop != format::Stop::body_cut) continue;
    const std::uint64_t len = format::frame_len(format::load_header(header->data()));
    if (len > end - **hit || !judge.can_afford(**hit, len)) continue;
    Result<std::string_view> frame = window.at(**hit, static_cast<std::size_t>(len));
    if (!frame) return propagate(frame);
    if (frame->size() < len || !judge.is_right(**hit, *frame)) continue;
    const format::DecodedRecord record = format::view_record(frame->data(), format::load_header(frame->data()));
    if (Result<void> kept = found(**hit, record); !kept) return propagate(kept);
    ++count;
    at = **hit + len;
  }
}

Result<std::uint64_t> count_records(safeatomic::File& file, std::uint64_t begin, std::uint64_t end) {
  CrcWork work{.limit = crc_work_per_byte * (end - begin)};
  return find_records(file, begin, end, work,
                      [](std::uint64_t, const format::DecodedRecord&) -> Result<void> { return {}; });
}

}  // namespace datawal::segment
