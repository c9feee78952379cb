#include "segment/writer.hpp"

#include <array>
#include <span>
#include <utility>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "format/seam_error.hpp"

namespace datawal::segment {

namespace {

// Up to here a copy into one buffer costs less than handing the kernel four pieces.
constexpr std::uint64_t max_buffered_frame = 64 * 1024;

}  // namespace

Writer::Writer(std::shared_ptr<safeatomic::File> file, std::uint64_t end) noexcept
    : file_(std::move(file)), end_(end) {}

Result<std::uint64_t> Writer::append(const format::Header& header, std::string_view key, std::string_view payload) {
  if (rollback_unsynced_) {
    // Until the cut is durable, a power loss could show the undone frame where the next one should be.
    if (safeatomic::Result<void> synced = file_->sync_data(); !synced) {
      broken_ = true;
      return format::lift(synced, "sync the roll-back of a failed write");
    }
    rollback_unsynced_ = false;
  }
  if (safeatomic::Result<void> written = write_frame(header, key, payload); !written) {
    roll_back();
    return format::lift(written, "append to segment");
  }
  return std::exchange(end_, end_ + format::frame_len(header));
}

safeatomic::Result<void> Writer::write_frame(const format::Header& header, std::string_view key,
                                             std::string_view payload) {
  const std::uint64_t len = format::frame_len(header);
  if (len <= max_buffered_frame) {
    if (buffer_.size() < len) buffer_.resize(static_cast<std::size_t>(len));
    // The caller has checked the limits, and there is room: this cannot fail.
    (void)format::encode(header.type, header.txid, key, payload, buffer_);
    return safeatomic::write_all(*file_, end_, std::string_view(buffer_.data(), static_cast<std::size_t>(len)));
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
  return safeatomic::write_all(*file_, end_, parts);
}

void Writer::roll_back() noexcept {
  if (file_->truncate(end_)) {
    rollback_unsynced_ = true;
  } else {
    broken_ = true;
  }
}

Result<void> Writer::sync() {
  if (safeatomic::Result<void> synced = file_->sync_data(); !synced) return format::lift(synced, "sync segment");
  rollback_unsynced_ = false;
  return {};
}

}  // namespace datawal::segment
