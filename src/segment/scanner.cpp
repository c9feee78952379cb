#include "segment/scanner.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "format/crc32c.hpp"
#include "segment/resync.hpp"

namespace datawal::segment {

using format::Stop;

namespace {

// Bytes of a frame; the checksum of a larger one is computed (format::detail::crc_block), and so verified, by itself.
constexpr std::uint64_t max_verified_together = 512;

}  // namespace

void Scanner::start(safeatomic::File& file, std::uint64_t begin, std::uint64_t limit,
                    std::uint64_t previous_txid) noexcept {
  file_ = &file;
  last_txid_ = previous_txid;
  begin_ = verified_end_ = filled_ = 0;
  buffer_offset_ = begin;
  limit_ = std::max(begin, limit);
}

void Scanner::look_again(std::uint64_t limit) noexcept {
  buffer_offset_ = end();
  begin_ = verified_end_ = filled_ = 0;
  limit_ = std::max(buffer_offset_, limit);
}

void Scanner::skip_to(std::uint64_t begin) noexcept {
  if (begin > buffer_offset_ + filled_) return start(*file_, begin, limit_);
  last_txid_ = 0;
  begin_ = verified_end_ = static_cast<std::size_t>(begin - buffer_offset_);
}

void Scanner::stop_at(std::uint64_t limit) noexcept {
  limit_ = std::min(limit_, std::max(end(), limit));
  filled_ = static_cast<std::size_t>(std::min<std::uint64_t>(filled_, limit_ - buffer_offset_));
  verified_end_ = begin_;
}

// Checks the next frames of the buffer, some at a time: the checksums of short ones take no longer together than one.
// False if not even the first one is whole, valid and next in the order of txids.
bool Scanner::verify_ahead() noexcept {
  std::array<std::string_view, format::crcs_at_once> covered;
  std::size_t count = 0;
  std::size_t at = begin_;
  std::uint64_t last_txid = last_txid_;
  for (; count < covered.size() && filled_ - at >= format::header_len; ++count) {
    const char* from = buffer_.get() + at;
    if (!format::is_sound_header(from)) break;
    const format::Header header = format::load_header(from);
    if (header.txid <= last_txid) break;
    last_txid = header.txid;
    const std::uint64_t len = format::frame_len(header);
    if (len > filled_ - at || (count > 0 && len > max_verified_together)) break;
    covered[count] = {from, static_cast<std::size_t>(len) - format::crc_len};
    at += static_cast<std::size_t>(len);
    if (len > max_verified_together) {
      ++count;
      break;
    }
  }
  std::array<std::uint32_t, format::crcs_at_once> crcs{};
  if (count == covered.size()) {
    crcs = format::crc32c_of_each(covered);
  } else {
    for (std::size_t n = 0; n < count; ++n) crcs[n] = format::crc32c(covered[n]);
  }
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t len = covered[n].size() + format::crc_len;
    if (crcs[n] != format::stored_crc(covered[n].data(), len)) break;
    verified_end_ += len;
  }
  return verified_end_ > begin_;
}

Result<Stop> Scanner::next() {
  if (next_buffered()) return Stop::none;
  return next_beyond_buffer(format::decode_next(buffered()).stop);
}

// The decoder takes the buffer for the whole rest of the file. If that made it stop, this reads on and asks again.
Result<Stop> Scanner::next_beyond_buffer(Stop stop) {
  for (;;) {
    std::size_t wanted = 0;
    switch (stop) {
      case Stop::none: return Stop::txid_order;  // whole, but refused by verify_ahead()
      case Stop::end_of_input:
      case Stop::header_cut: wanted = format::header_len; break;
      case Stop::body_cut: {
        const std::uint64_t len = format::frame_len(format::load_header(buffered().data()));
        if (len > limit_ - end()) return stop;  // never allocate for a length that the file does not have
        wanted = static_cast<std::size_t>(len);
        break;
      }
      case Stop::zeros:
      case Stop::torn_magic:
        if (!buffered().starts_with(std::string_view("\0\0\0\0", 4)) && stop == Stop::torn_magic) return stop;
        if (!holds_the_rest() && buffered().size() < format::header_len) {
          wanted = format::header_len;
          break;
        }
        return judge_zeros();
      default: return stop;
    }
    if (holds_the_rest()) return stop;
    if (Result<void> filled = fill(wanted); !filled) return propagate(filled);
    if (next_buffered()) return Stop::none;
    stop = format::decode_next(buffered()).stop;
  }
}

// Makes at least `wanted` bytes available from end() on, if the file has them.
Result<void> Scanner::fill(std::size_t wanted) {
  const std::size_t kept = filled_ - begin_;
  const std::size_t needed = std::max(wanted, block_len);
  if (capacity_ < needed) {
    auto larger = std::make_unique_for_overwrite<char[]>(needed);
    if (kept > 0) std::memcpy(larger.get(), buffer_.get() + begin_, kept);
    buffer_ = std::move(larger);
    capacity_ = needed;
  } else if (kept > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
  }
  buffer_offset_ += begin_;
  begin_ = verified_end_ = 0;
  filled_ = kept;

  const std::uint64_t from = buffer_offset_ + filled_;
  const std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(capacity_ - filled_, limit_ - from));
  safeatomic::Result<std::size_t> got = safeatomic::read_all(*file_, from, std::span(buffer_.get() + filled_, room));
  if (!got) return io_failure(got, "read segment");
  filled_ += *got;
  if (*got < room) limit_ = buffer_offset_ + filled_;
  return {};
}

// Four zero bytes at the stop: a preallocated tail if nothing else follows, a torn frame otherwise.
Result<Stop> Scanner::judge_zeros() {
  if (format::is_all_zeros(buffered())) {
    Result<bool> zeros = is_zeros(*file_, buffer_offset_ + filled_, limit_);
    if (!zeros) return propagate(zeros);
    if (*zeros) return Stop::zeros;
  }
  return limit_ - end() < format::header_len ? Stop::header_cut : Stop::torn_magic;
}

}  // namespace datawal::segment
