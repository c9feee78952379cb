#include "kv/saved_index/index_file.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "kv/index/page.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::kv {

namespace {

using log::SavedMetadata;

bool read_part(SavedMetadata& metadata, SavedDirectory& directory, SavedDirectory::Part& part) {
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

bool read_directory(SavedMetadata& metadata, SavedIndex& index) {
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
  for (const log::SavedSegment& segment : index.segments) puts += segment.counts.put_records;
  // Chained pages are full ones, but for the last: so a lie about them is one about keys too.
  const std::uint64_t full = directory.page_count - directory.pages.size();
  return directory.keys <= puts && full <= directory.keys / page_slots &&
         (directory.keys == 0 || !directory.pages.empty());
}

}  // namespace

IndexLook read_index(const log::Snapshot& snapshot) {
  log::SavedOpening opening = log::open_saved(*snapshot.directory, log::index_name, log::flag_has_directory);
  IndexLook look{.state = opening.state, .reason = std::move(opening.reason), .bytes = opening.size};
  if (look.state != IndexState::used) return look;
  const auto rejected = [&look](IndexState state, const char* reason) {
    look.state = state;
    look.reason = reason;
    return std::move(look);
  };
  SavedIndex index;
  index.header = opening.header;
  index.file = std::move(opening.file);
  index.file_size = opening.size;
  const log::SavedHeader& header = index.header;
  if (header.pages >= std::uint64_t{1} << 31) return rejected(IndexState::damaged, "it has too many pages");
  const auto up_to_p = std::ranges::count_if(
      snapshot.segments, [&header](const log::PinnedSegment& segment) { return segment.id <= header.last.segment; });
  if (header.segments != static_cast<std::uint64_t>(up_to_p)) {
    return rejected(IndexState::stale, "segments were removed or added since it was written");
  }
  SavedMetadata metadata(*index.file, header.pages_begin);
  const bool is_sound = read_saved_segments(metadata, index) && read_directory(metadata, index) &&
                        metadata.ends_in_zeros() && metadata.crc() == header.metadata_crc;
  if (!is_sound) return rejected(IndexState::damaged, "its metadata is damaged");
  look.index = std::move(index);
  return look;
}

}  // namespace datawal::kv
