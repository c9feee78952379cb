#include "kv/jsonl/line_reader.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace datawal::kv {

namespace {

constexpr std::size_t first_capacity = 256 * 1024;  // bytes

}  // namespace

Result<std::optional<LineReader::Line>> LineReader::next() {
  std::size_t searched = 0;  // of the line's bytes in the buffer
  bool too_long = false;
  for (;;) {
    const char* begin = buffer_.get() + begin_;
    const std::size_t len = filled_ - begin_;
    const void* newline = len > searched ? std::memchr(begin + searched, '\n', len - searched) : nullptr;
    if (newline != nullptr) {
      const auto line_len = static_cast<std::size_t>(static_cast<const char*>(newline) - begin);
      begin_ += line_len + 1;
      if (too_long || line_len > max_line_) return Line{.too_long = true};
      return Line{.text = {begin, line_len}};
    }
    if (at_end_) {
      begin_ = filled_;
      if (too_long || len > max_line_) return Line{.too_long = true};
      if (len == 0) return std::nullopt;
      return Line{.text = {begin, len}};
    }
    if (len > max_line_) {
      too_long = true;
      begin_ = filled_;  // what was read of it is no longer needed
    }
    searched = filled_ - begin_;
    if (Result<bool> more = fill(); !more) return propagate(more);
  }
}

// Appends more input; false at its end.
Result<bool> LineReader::fill() {
  const std::size_t unread = filled_ - begin_;
  if (begin_ > 0 && unread > 0) std::memmove(buffer_.get(), buffer_.get() + begin_, unread);
  begin_ = 0;
  filled_ = unread;
  if (filled_ == capacity_) {
    const std::size_t larger = std::min(std::max(first_capacity, 2 * capacity_), max_line_ + first_capacity);
    auto buffer = std::make_unique_for_overwrite<char[]>(larger + padding_);
    if (unread > 0) std::memcpy(buffer.get(), buffer_.get(), unread);
    std::memset(buffer.get() + larger, 0, padding_);
    buffer_ = std::move(buffer);
    capacity_ = larger;
  }
  Result<std::size_t> got = source_(std::span(buffer_.get() + filled_, capacity_ - filled_));
  if (!got) return propagate(got);
  at_end_ = *got == 0;
  filled_ += *got;
  bytes_read_ += *got;
  return !at_end_;
}

}  // namespace datawal::kv
