#include "cli/input_records.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace datawal::cli {
namespace {

constexpr std::size_t read_len = 256 * 1024;
constexpr std::size_t prefix_len = 4;

std::uint32_t little_endian(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < prefix_len; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

}  // namespace

InputRecords::InputRecords(int fd, std::string name, Framing framing, InputBuffer& buffer, const StopSignal& stop)
    : fd_(fd), name_(std::move(name)), framing_(framing), buffer_(buffer), stop_(stop) {}

InputRecords::Outcome InputRecords::next() {
  if (stopped_ || stop_.is_requested()) return std::nullopt;
  ++number_;
  switch (framing_) {
    case Framing::lines: return next_separated('\n');
    case Framing::null_separated: return next_separated('\0');
    case Framing::whole: return next_whole();
    case Framing::length_prefixed: return next_length_prefixed();
  }
  std::unreachable();
}

std::string InputRecords::place() const {
  switch (framing_) {
    case Framing::lines: return fmt::format("{}, line {}", name_, number_);
    case Framing::whole: return name_;
    case Framing::null_separated:
    case Framing::length_prefixed: return fmt::format("{}, record {}", name_, number_);
  }
  std::unreachable();
}

InputRecords::Outcome InputRecords::next_separated(char separator) {
  std::size_t searched = 0;
  for (;;) {
    const std::string_view bytes = buffered();
    const std::size_t found = bytes.find(separator, searched);
    const std::size_t len = std::min(found, bytes.size());
    if (len > max_payload_len) return too_long("is longer");
    if (found != std::string_view::npos) return take(found, 1);
    if (at_end_) {
      if (bytes.empty()) return std::nullopt;
      return take(bytes.size(), 0);
    }
    searched = bytes.size();
    if (auto filled = fill(); !filled) return std::unexpected(filled.error());
    if (stopped_) return std::nullopt;
  }
}

InputRecords::Outcome InputRecords::next_whole() {
  if (number_ > 1) return std::nullopt;
  while (!at_end_) {
    if (buffered().size() > max_payload_len) return too_long("is longer");
    if (auto filled = fill(); !filled) return std::unexpected(filled.error());
    if (stopped_) return std::nullopt;
  }
  return take(buffered().size(), 0);
}

InputRecords::Outcome InputRecords::next_length_prefixed() {
  std::size_t needed = prefix_len;
  for (;;) {
    const std::string_view bytes = buffered();
    if (bytes.size() >= prefix_len) {
      const std::uint32_t len = little_endian(bytes);
      if (len > max_payload_len) return too_long(fmt::format("announces {} bytes, more", len));
      needed = prefix_len + len;
      if (bytes.size() >= needed) return take(needed, 0).substr(prefix_len);
    }
    if (at_end_) {
      if (bytes.empty()) return std::nullopt;
      return std::unexpected(fmt::format("{} is cut: the input ends after {} of its {} bytes", place(),
                                         bytes.size() < prefix_len ? bytes.size() : bytes.size() - prefix_len,
                                         bytes.size() < prefix_len ? needed : needed - prefix_len));
    }
    if (auto filled = fill(); !filled) return std::unexpected(filled.error());
    if (stopped_) return std::nullopt;
  }
}

std::expected<void, std::string> InputRecords::fill() {
  // An incomplete record moves to the front once; the longest one and its separator always fit.
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  for (;;) {
    if (!stop_.wait_readable(fd_)) {
      stopped_ = true;
      return {};
    }
    const std::size_t room = std::min(read_len, InputBuffer::capacity - end_);
    const ssize_t got = ::read(fd_, buffer_.data() + end_, room);
    if (got >= 0) {
      end_ += static_cast<std::size_t>(got);
      at_end_ = got == 0;
      return {};
    }
    if (errno != EINTR && errno != EAGAIN) {
      return std::unexpected(fmt::format("cannot read {}: {}", name_, std::generic_category().message(errno)));
    }
  }
}

std::string_view InputRecords::take(std::size_t len, std::size_t skip) {
  const std::string_view record = buffered().substr(0, len);
  begin_ += len + skip;
  return record;
}

std::unexpected<std::string> InputRecords::too_long(std::string_view how) const {
  return std::unexpected(fmt::format("{} {} than the {} bytes that a record may hold", place(), how, max_payload_len));
}

}  // namespace datawal::cli
