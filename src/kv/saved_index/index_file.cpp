#include "kv/saved_index/index_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "kv/index/page.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::kv {

namespace {

using safeatomic::File;
using safeatomic::FileInfo;

IndexLook rejected(IndexState state, std::string reason, std::uint64_t bytes) {
  return {.state = state, .reason = std::move(reason), .index = std::nullopt, .bytes = bytes};
}

// The metadata behind the header, in small pieces: so a length that is a lie ends where the bytes do.
class Metadata {
 public:
  Metadata(File& file, std::uint64_t begin, std::uint64_t end) : file_(file), offset_(begin), end_(end) {}

  /// The next `len` bytes, valid until the next call; nullptr if there are no more.
  const char* next(std::size_t len) {
    if (filled_ - begin_ < len && !fill()) return nullptr;
    if (filled_ - begin_ < len) return nullptr;
    const char* const bytes = buffer_.data() + begin_;
    begin_ += len;
    return bytes;
  }

  /// The rest is zeros, and less than a page. Only then crc() is of all.
  bool ends_in_zeros() {
    if (filled_ - begin_ + (end_ - offset_) >= saved_page_len) return false;
    for (;;) {
      const char* const from = buffer_.data() + begin_;
      if (std::any_of(from, from + (filled_ - begin_), [](char c) { return c != 0; })) return false;
      begin_ = filled_;
      if (offset_ == end_) return true;
      if (!fill()) return false;
    }
  }

  [[nodiscard]] std::uint32_t crc() const noexcept { return crc_; }

 private:
  bool fill() {
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

  File& file_;
  std::uint64_t offset_;
  const std::uint64_t end_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  std::size_t begin_ = 0;
  std::size_t filled_ = 0;
  std::uint32_t crc_ = 0;
};

bool is_consistent(const IndexSegment& segment) noexcept {
  const SegmentCounts& counts = segment.counts;
  constexpr std::uint64_t most = std::uint64_t{1} << 62;
  if (counts.bytes != segment.size || segment.size > most) return false;
  if (counts.raw_bytes > counts.bytes || counts.delete_bytes > counts.bytes - counts.raw_bytes ||
      counts.live_bytes > counts.bytes - counts.raw_bytes - counts.delete_bytes) {
    return false;
  }
  const std::uint64_t most_records = segment.size / format::frame_len(0, 0);
  if (counts.raw_records > most_records || counts.put_records > most_records || counts.delete_records > most_records ||
      counts.raw_records + counts.put_records + counts.delete_records > most_records) {
    return false;
  }
  if (segment.needed_tombstone_bytes > counts.delete_bytes) return false;
  const RecordChain& chain = segment.chain;
  if (segment.size == 0) return chain.first_txid == 0 && chain.last_len == 0;
  return chain.first_txid != 0 && chain.first_txid <= chain.last_txid && chain.last_len <= segment.size &&
         chain.last_len >= format::frame_len(0, 0) && chain.last_len <= format::max_frame_len &&
         chain.gaps <= most_records;
}

// False: they are not what an index holds.
bool read_segments(Metadata& metadata, SavedIndex& index) {
  std::uint64_t last_txid = 0;
  for (std::uint32_t n = 0; n < index.header.segments; ++n) {
    const char* const bytes = metadata.next(index_segment_len);
    if (bytes == nullptr) return false;
    const IndexSegment segment = decode_index_segment(
        std::span<const char, index_segment_len>(bytes, index_segment_len));
    if (!is_consistent(segment) || (n > 0 && segment.id <= index.segments.back().id)) return false;
    if (segment.chain.first_txid != 0) {
      if (segment.chain.first_txid <= last_txid) return false;
      last_txid = segment.chain.last_txid;
    }
    index.segments.push_back(segment);
  }
  const IndexSegment& last = index.segments.back();
  const RecordRef& record = index.header.last;
  return last.id == record.segment && last.size == index.header.end() && last.chain.last_txid == record.txid &&
         last.chain.last_len == record.len && last.chain.last_crc == record.crc;
}

bool read_part(Metadata& metadata, SavedDirectory& directory, SavedDirectory::Part& part) {
  const char* bytes = metadata.next(index_part_len);
  if (bytes == nullptr) return false;
  const IndexPart lead = decode_index_part(std::span<const char, index_part_len>(bytes, index_part_len));
  part = {.depth = lead.depth, .pages_begin = directory.pages.size(), .pages_end = directory.pages.size()};
  constexpr std::uint32_t deepest = 26;
  if (lead.depth > deepest) return false;
  if (lead.pages == 0) return lead.depth == 0;
  const std::uint64_t range_end = std::uint64_t{1} << lead.depth;
  std::uint64_t range = 0;  // of the table's entries, covered so far
  for (std::uint32_t n = 0; n < lead.pages; ++n) {
    bytes = metadata.next(index_page_len);
    if (bytes == nullptr) return false;
    std::optional<SavedPage> page = decode_index_page(std::span<const char, index_page_len>(bytes, index_page_len));
    if (!page || page->depth > lead.depth || page->chain == 0 || page->chain > longest_chain ||
        page->page != directory.page_count)
      return false;
    const std::uint64_t entries = std::uint64_t{1} << (lead.depth - page->depth);
    if (range % entries != 0 || range_end - range < entries) return false;
    page->tag = static_cast<std::uint32_t>(range << (32 - lead.depth));
    range += entries;
    directory.page_count += page->chain;
    directory.pages.push_back(*page);
  }
  part.pages_end = directory.pages.size();
  return range == range_end;
}

bool read_directory(Metadata& metadata, SavedIndex& index) {
  SavedDirectory& directory = index.directory;
  directory.keys = index.header.keys;
  for (SavedDirectory::Part& part : directory.parts) {
    if (!read_part(metadata, directory, part)) return false;
  }
  for (const SavedDirectory::Part& part : directory.parts) {
    const std::uint64_t pages = part.pages_end - part.pages_begin;
    if (pages != 0 && !is_sane_depth(part.depth, pages)) return false;
  }
  if (directory.page_count != index.header.pages) return false;
  std::uint64_t puts = 0;
  for (const IndexSegment& segment : index.segments) puts += segment.counts.put_records;
  // Chained pages are full ones, but for the last: so a lie about them is one about keys too.
  const std::uint64_t full = directory.page_count - directory.pages.size();
  return directory.keys <= puts && full <= directory.keys / page_slots &&
         (directory.keys == 0 || !directory.pages.empty());
}

}  // namespace

IndexLook read_index(const log::Snapshot& snapshot) {
  safeatomic::Result<std::unique_ptr<File>> opened = snapshot.directory->open_file(log::index_name, {});
  if (!opened && opened.error().code == safeatomic::Errc::not_found) return {};
  if (!opened) return rejected(IndexState::stale, "it cannot be opened, or is not a regular file", 0);
  const safeatomic::Result<FileInfo> info = (*opened)->info();
  if (!info) return rejected(IndexState::stale, "it cannot be inspected", 0);
  const std::uint64_t size = info->size;
  if (info->link_count != 1) return rejected(IndexState::stale, "it has more than one name", size);
  std::array<char, index_header_len> bytes{};
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**opened, 0, bytes);
  if (!got) return rejected(IndexState::damaged, "it cannot be read", size);
  if (*got != bytes.size()) return rejected(IndexState::damaged, "it is too short", size);
  SavedIndex index{.file = std::move(*opened), .file_size = size};
  IndexHeader& header = index.header;
  switch (decode_index_header(bytes, header)) {
    case HeaderVerdict::sound: break;
    case HeaderVerdict::damaged: return rejected(IndexState::damaged, "its header is damaged", size);
    case HeaderVerdict::unknown_layout: return rejected(IndexState::stale, "its layout is of another version", size);
  }
  const bool is_whole = header.pages_begin % saved_page_len == 0 && header.pages_begin >= index_header_len &&
                        header.pages_begin <= size && (size - header.pages_begin) % saved_page_len == 0 &&
                        (size - header.pages_begin) / saved_page_len == header.pages &&
                        header.pages < std::uint64_t{1} << 31;
  if (!is_whole) return rejected(IndexState::damaged, "its size is not what its header says", size);
  const auto up_to_p = std::ranges::count_if(
      snapshot.segments, [&header](const log::PinnedSegment& segment) { return segment.id <= header.last.segment; });
  if (header.segments == 0 || header.segments != static_cast<std::uint64_t>(up_to_p)) {
    return rejected(IndexState::stale, "segments were removed or added since it was written", size);
  }
  Metadata metadata(*index.file, index_header_len, header.pages_begin);
  const bool is_sound = read_segments(metadata, index) && read_directory(metadata, index) && metadata.ends_in_zeros() &&
                        metadata.crc() == header.metadata_crc;
  if (!is_sound) return rejected(IndexState::damaged, "its metadata is damaged", size);
  return {.state = IndexState::used, .reason = {}, .index = std::move(index), .bytes = size};
}

}  // namespace datawal::kv
