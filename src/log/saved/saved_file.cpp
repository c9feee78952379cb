#include "log/saved/saved_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::log {

using safeatomic::File;
using safeatomic::FileInfo;

namespace {

SavedOpening rejected(IndexState state, std::string reason, std::uint64_t size = 0) {
  return {.state = state, .reason = std::move(reason), .size = size};
}

bool is_consistent(const SavedSegment& segment) noexcept {
  const SegmentCounts& counts = segment.counts;
  constexpr std::uint64_t most = std::uint64_t{1} << 62;
  if (counts.bytes != segment.size || segment.size > most) return false;
  if (counts.raw_bytes > counts.bytes || counts.delete_bytes > counts.bytes - counts.raw_bytes ||
      counts.live_bytes > counts.bytes - counts.raw_bytes - counts.delete_bytes) {
    return false;
  }
  const std::uint64_t most_records = segment.size / format::frame_len(0, 0);
  if (counts.raw_records > most_records || counts.put_records > most_records || counts.delete_records > most_records ||
      counts.records() > most_records) {
    return false;
  }
  if (segment.needed_tombstone_bytes > counts.delete_bytes) return false;
  const RecordChain& chain = segment.chain;
  if (segment.size == 0) return chain.first_txid == 0 && chain.last_len == 0;
  return chain.first_txid != 0 && chain.first_txid <= chain.last_txid && chain.last_len <= segment.size &&
         chain.last_len >= format::frame_len(0, 0) && chain.last_len <= format::max_frame_len &&
         chain.gaps <= most_records;
}

}  // namespace

SavedOpening open_saved(safeatomic::Directory& directory, const char* name, std::uint32_t flags) {
  safeatomic::Result<std::unique_ptr<File>> opened = directory.open_file(name, {});
  if (!opened && opened.error().code == safeatomic::Errc::not_found) return {};
  if (!opened) return rejected(IndexState::stale, "it cannot be opened, or is not a regular file");
  const safeatomic::Result<FileInfo> info = (*opened)->info();
  if (!info) return rejected(IndexState::stale, "it cannot be inspected");
  const std::uint64_t size = info->size;
  if (info->link_count != 1) return rejected(IndexState::stale, "it has more than one name", size);
  std::array<char, saved_header_len> bytes{};
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**opened, 0, bytes);
  if (!got) return rejected(IndexState::damaged, "it cannot be read", size);
  if (*got != bytes.size()) return rejected(IndexState::damaged, "it is too short", size);
  SavedOpening opening{.state = IndexState::used, .file = std::move(*opened), .size = size};
  switch (decode_saved_header(bytes, flags, opening.header)) {
    case HeaderVerdict::sound: break;
    case HeaderVerdict::damaged: return rejected(IndexState::damaged, "its header is damaged", size);
    case HeaderVerdict::unknown_layout: return rejected(IndexState::stale, "its layout is of another version", size);
  }
  const SavedHeader& header = opening.header;
  const bool is_whole = header.pages_begin % saved_page_len == 0 && header.pages_begin >= saved_header_len &&
                        header.pages_begin <= size && (size - header.pages_begin) % saved_page_len == 0 &&
                        (size - header.pages_begin) / saved_page_len == header.pages && header.segments != 0 &&
                        header.segments <= (header.pages_begin - saved_header_len) / saved_segment_len;
  if (!is_whole) return rejected(IndexState::damaged, "its size is not what its header says", size);
  return opening;
}

const char* SavedMetadata::next(std::size_t len) {
  if (filled_ - begin_ < len && !fill()) return nullptr;
  if (filled_ - begin_ < len) return nullptr;
  const char* const bytes = buffer_.data() + begin_;
  begin_ += len;
  return bytes;
}

bool SavedMetadata::ends_in_zeros() {
  if (filled_ - begin_ + (end_ - offset_) >= saved_page_len) return false;
  for (;;) {
    const char* const from = buffer_.data() + begin_;
    if (std::any_of(from, from + (filled_ - begin_), [](char c) { return c != 0; })) return false;
    begin_ = filled_;
    if (offset_ == end_) return true;
    if (!fill()) return false;
  }
}

bool SavedMetadata::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
  filled_ -= std::exchange(begin_, 0);
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size() - filled_, end_ - offset_));
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(file_, offset_,
                                                                   std::span(buffer_).subspan(filled_, wanted));
  if (!got || *got != wanted) return false;
  crc_ = format::crc32c({buffer_.data() + filled_, wanted}, crc_);
  filled_ += wanted;
  offset_ += wanted;
  return wanted != 0;
}

bool read_saved_segments(SavedMetadata& metadata, SavedLog& saved) {
  std::uint64_t last_txid = 0;
  for (std::uint32_t n = 0; n < saved.header.segments; ++n) {
    const char* const bytes = metadata.next(saved_segment_len);
    if (bytes == nullptr) return false;
    const SavedSegment segment = decode_saved_segment(
        std::span<const char, saved_segment_len>(bytes, saved_segment_len));
    if (!is_consistent(segment) || (n > 0 && segment.id <= saved.segments.back().id)) return false;
    if (segment.chain.first_txid != 0) {
      if (segment.chain.first_txid <= last_txid) return false;
      last_txid = segment.chain.last_txid;
    }
    saved.segments.push_back(segment);
  }
  const SavedSegment& last = saved.segments.back();
  const RecordRef& record = saved.header.last;
  return last.id == record.segment && last.size == saved.header.end() && last.chain.last_txid == record.txid &&
         last.chain.last_len == record.len && last.chain.last_crc == record.crc;
}

StateLook read_state(safeatomic::Directory& directory) {
  SavedOpening opening = open_saved(directory, state_name, 0);
  StateLook look{.state = opening.state, .reason = std::move(opening.reason), .bytes = opening.size};
  if (look.state != IndexState::used) return look;
  SavedLog saved{.header = opening.header};
  SavedMetadata metadata(*opening.file, saved.header.pages_begin);
  const bool is_sound = saved.header.pages == 0 && saved.header.keys == 0 && read_saved_segments(metadata, saved) &&
                        metadata.ends_in_zeros() && metadata.crc() == saved.header.metadata_crc;
  if (is_sound) {
    look.log = std::move(saved);
  } else {
    look.state = IndexState::damaged;
    look.reason = "what it says of the segments is damaged";
  }
  return look;
}

}  // namespace datawal::log
