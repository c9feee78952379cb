#include "segment/frame_search.hpp"

#include <cstring>
#include <span>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "segment/scanner.hpp"

namespace datawal::segment {

Result<std::string_view> Window::at(std::uint64_t offset, std::size_t len) {
  if (Result<void> covered = cover(offset, len); !covered) return propagate(covered);
  return view_from(offset).substr(0, len);
}

Result<std::optional<std::uint64_t>> Window::find_magic(std::uint64_t offset) {
  for (;;) {
    if (Result<void> covered = cover(offset, format::magic.size()); !covered) return propagate(covered);
    const std::string_view view = view_from(offset);
    if (view.size() < format::magic.size()) return std::nullopt;
    if (const std::size_t pos = view.find(format::magic); pos != std::string_view::npos) return offset + pos;
    offset += view.size() - (format::magic.size() - 1);
    // Finding the end of the data takes long on some filesystems.
    if (offset + format::magic.size() > end_) return std::nullopt;
    safeatomic::Result<std::optional<safeatomic::DataRange>> data = file_.next_data(offset);
    if (!data) return io_failure(data, "read segment");
    if (!*data) return std::nullopt;
    offset = std::max(offset, (*data)->begin);
  }
}

Result<void> Window::cover(std::uint64_t offset, std::size_t len) {
  if (offset >= end_) return {};
  const std::string_view kept = view_from(offset);
  if (kept.size() >= std::min<std::uint64_t>(len, end_ - offset)) return {};
  if (!kept.empty()) std::memmove(buffer_.data(), kept.data(), kept.size());
  filled_ = kept.size();
  offset_ = offset;
  // Twice what is asked for, so that what is kept is moved at most once for every byte passed.
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(2 * len, end_ - offset));
  const auto block = static_cast<std::size_t>(std::min<std::uint64_t>(Scanner::block_len, end_ - offset));
  buffer_.resize(std::max({buffer_.size(), wanted, block}));
  const auto room = static_cast<std::size_t>(
      std::min<std::uint64_t>(buffer_.size() - filled_, end_ - offset_ - filled_));
  safeatomic::Result<std::size_t> got = safeatomic::read_all(file_, offset_ + filled_,
                                                             std::span(buffer_.data() + filled_, room));
  if (!got) return io_failure(got, "read segment");
  filled_ += *got;
  if (*got < room) end_ = offset_ + filled_;  // the file has become shorter
  return {};
}

Result<std::optional<format::DecodedRecord>> FrameCheck::frame_at(Window& window, std::uint64_t offset,
                                                                  std::uint64_t end) {
  Result<std::string_view> header = window.at(offset, format::header_len);
  if (!header) return propagate(header);
  // What is wrong with a lone header shows before its body is missed.
  if (format::decode_next(*header).stop != format::Stop::body_cut) return std::nullopt;
  const std::uint64_t len = format::frame_len(format::load_header(header->data()));
  if (len > end - offset || !can_afford(offset, len)) return std::nullopt;
  Result<std::string_view> frame = window.at(offset, static_cast<std::size_t>(len));
  if (!frame) return propagate(frame);
  if (frame->size() < len || !is_right(offset, *frame)) return std::nullopt;
  return format::view_record(frame->data(), format::load_header(frame->data()));
}

bool FrameCheck::is_right(std::uint64_t offset, std::string_view frame) {
  const bool is_direct = is_cheap(offset, frame.size());
  work_.done += cost(offset, frame.size());
  const std::string_view covered = frame.substr(0, frame.size() - format::crc_len);
  const std::uint32_t crc = is_direct ? format::crc32c(covered) : ranges_.of(offset, covered);
  const bool is_right = crc == format::stored_crc(frame.data(), frame.size());
  const std::uint64_t end = offset + frame.size();
  if (is_direct && !is_right) in_vain_ += frame.size();
  if (is_direct && is_right && right_end_ > offset) in_vain_ += std::min(right_end_, end) - offset;
  if (is_right) right_end_ = std::max(right_end_, end);
  return is_right;
}

}  // namespace datawal::segment
