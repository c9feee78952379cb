#include "segment/writer.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"

namespace datawal::segment {

namespace {

// Up to this size a copy into one buffer costs less than handing the kernel four pieces.
constexpr std::uint64_t max_buffered_frame = 64 * 1024;

// A larger buffer is freed.
constexpr std::uint64_t max_kept_buffer = 1024 * 1024;

Result<AppendedFrame> appended(const Result<std::uint64_t>& offset, std::uint32_t crc) {
  if (!offset) return propagate(offset);
  return AppendedFrame{.offset = *offset, .crc = crc};
}

}  // namespace

Writer::Writer(std::shared_ptr<safeatomic::File> file, std::uint64_t end) noexcept
    : file_(std::move(file)), end_(end) {}

Result<AppendedFrame> Writer::append(const format::Header& header, std::string_view key, std::string_view payload) {
  const std::uint64_t len = format::frame_len(header);
  if (has_unsynced_change() || end_ + len > room_end_) [[unlikely]] {
    if (Result<void> prepared = prepare(len); !prepared) return propagate(prepared);
  }
  if (len <= max_buffered_frame) {
    char* const buffer = buffer_of(max_buffered_frame);
    // Cannot fail: the caller has checked the limits, and there is room.
    (void)format::encode(header.type, header.txid, key, payload, {buffer, static_cast<std::size_t>(len)});
    const std::string_view frame(buffer, static_cast<std::size_t>(len));
    const std::uint32_t crc = format::stored_crc(buffer, frame.size());
    if (copy(frame)) return AppendedFrame{.offset = std::exchange(end_, end_ + len), .crc = crc};
    return appended(put_or_roll_back({&frame, 1}, len), crc);
  }
  std::array<char, format::header_len> head{};
  format::encode_header(header, head.data());
  const std::string_view head_bytes(head.data(), head.size());
  std::uint32_t crc = format::crc32c(head_bytes);
  crc = format::crc32c(key, crc);
  crc = format::crc32c(payload, crc);
  std::array<char, format::crc_len> tail{};
  format::store(tail.data(), crc);
  const std::array parts{head_bytes, key, payload, std::string_view(tail.data(), tail.size())};
  return appended(put_or_roll_back(parts, len), crc);
}

Result<void> Writer::append_batch(std::span<const RecordInput> records, std::uint64_t first_txid, std::uint64_t len,
                                  std::span<RecordRef> refs) {
  char* const buffer = buffer_of(len);  // allocates, and so may fail, before anything is written
  if (Result<void> prepared = prepare(len); !prepared) return propagate(prepared);
  std::size_t at = 0;
  for (std::size_t n = 0; n < records.size(); ++n) {
    const RecordInput& record = records[n];
    const std::size_t left = static_cast<std::size_t>(len) - at;
    const std::size_t frame =
        format::encode(record.type, first_txid + n, record.key, record.payload, {buffer + at, left}).value_or(0);
    refs[n] = {.offset = end_ + at,
               .len = static_cast<std::uint32_t>(frame),
               .txid = first_txid + n,
               .crc = format::stored_crc(buffer + at, frame)};
    at += frame;
  }
  const Result<std::uint64_t> offset = put_prepared({buffer, at});
  if (buffer_len_ > max_kept_buffer) {
    buffer_.reset();
    buffer_len_ = 0;
  }
  if (!offset) return propagate(offset);
  return {};
}

Result<std::uint64_t> Writer::append_frames(std::string_view frames) {
  if (Result<void> prepared = prepare(frames.size()); !prepared) return propagate(prepared);
  return put_prepared(frames);
}

Result<std::uint64_t> Writer::put_prepared(std::string_view frames) {
  if (copy(frames)) return std::exchange(end_, end_ + frames.size());
  return put_or_roll_back({&frames, 1}, frames.size());
}

char* Writer::buffer_of(std::uint64_t len) {
  if (buffer_len_ < len) {
    buffer_ = std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(len));
    buffer_len_ = len;
  }
  return buffer_.get();
}

Result<void> Writer::prepare(std::uint64_t len) {
  if (has_unsynced_change()) {
    // Until the cut is durable, a power loss could show the undone frame where the next one should be.
    broken_ = true;  // until the opposite is known, however this returns
    if (safeatomic::Result<void> synced = file_->sync_data(); !synced) {
      return io_failure(synced, "sync the roll-back of a failed write");
    }
    broken_ = false;
    synced_change_count_ = change_count_;
  }
  return end_ + len > room_end_ ? make_room(len) : Result<void>();
}

Result<std::uint64_t> Writer::put_or_roll_back(Parts parts, std::uint64_t len) {
  safeatomic::Result<void> written;
  try {
    written = put(parts, len);
  } catch (...) {
    roll_back();
    throw;
  }
  if (!written) [[unlikely]] {
    roll_back();
    return io_failure(written, "append to segment");
  }
  return std::exchange(end_, end_ + len);
}

void Writer::roll_back() noexcept {
  broken_ = true;
  try {
    broken_ = !cut();
  } catch (const std::bad_alloc&) {
    return;
  }
}

safeatomic::Result<void> Writer::put(Parts parts, std::uint64_t) {
  if (parts.size() == 1) return safeatomic::write_all(*file_, end_, parts.front());
  return safeatomic::write_all(*file_, end_, parts);
}

safeatomic::Result<void> Writer::cut() {
  if (safeatomic::Result<void> done = file_->truncate(end_); !done) return done;
  ++change_count_;
  was_cut();
  return {};
}

Result<void> Writer::sync() {
  const std::uint64_t change_count = change_count_;
  if (safeatomic::Result<void> done = file_->sync_data(); !done) return io_failure(done, "sync segment");
  synced(change_count, true);
  return {};
}

void Writer::synced(std::uint64_t change_count, bool asked_for) noexcept {
  synced_change_count_ = std::max(synced_change_count_, change_count);
  was_synced(asked_for);
}

}  // namespace datawal::segment
