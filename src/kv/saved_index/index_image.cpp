#include "kv/saved_index/index_image.hpp"

#include <optional>
#include <ranges>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"

namespace datawal::kv {

namespace {

std::unexpected<Error> another_file(const AddressSpace& space, std::uint32_t id, const char* what) {
  return std::unexpected(Error{.code = Errc::corruption,
                               .action = "save index",
                               .path = segment::path(space.directory().path(), id),
                               .segment = id,
                               .detail = what});
}

// The log is whole: what could not be said is which of the two files the directory leads to.
Error cut_short(const AddressSpace& space, std::uint32_t id) {
  return {.code = Errc::corruption,
          .action = "save index",
          .path = space.directory().path() / log::index_name,
          .detail = "a compaction of segment " + std::to_string(id) +
                    " was cut short in this handle: close the store, and open it again"};
}

Result<safeatomic::FileInfo> info_of(const AddressSpace& space, std::uint32_t id, const SegmentInfos& infos) {
  if (const auto found = infos.find(id); found != infos.end()) return found->second;
  const safeatomic::Result<safeatomic::FileInfo> info = space.directory().info_of(segment::filename(id));
  if (!info) return io_failure(info, "inspect segment");
  return *info;
}

// The segment in which the last record of the log lies; null if there is none.
const SegmentFile* newest_in(const log::SegmentMap& files) noexcept {
  for (const auto& [key, entry] : std::views::reverse(files)) {
    const SegmentFile& file = with_addresses(*entry);
    if (file.counts.bytes > 0) return &file;
  }
  return nullptr;
}

// Gives the segment's extents the next numbers.
void number(const SegmentFile& file, log::SavedSegment& segment, IndexImage& image, std::uint32_t& next) {
  const std::uint64_t parts = (segment.size + ExtentTable::offset_mask) >> ExtentTable::offset_bits;
  segment.first_extent = next;
  segment.extents = parts;
  for (std::uint64_t part = 0; part < parts; ++part) {
    const std::uint32_t there = file.extents.numbers()[part];
    if (there >= image.extents.size()) image.extents.resize(std::size_t{there} + 1);
    image.extents[there] = next++;
  }
}

}  // namespace

SavedAddress IndexImage::in_memory() const {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 0; number < extents.size(); ++number) {
    const std::uint32_t saved = extents[number];
    if (saved == 0) continue;
    if (saved >= numbers.size()) numbers.resize(std::size_t{saved} + 1);
    numbers[saved] = number;
  }
  return [numbers = std::move(numbers)](std::uint64_t address) {
    const std::uint64_t saved = address >> ExtentTable::offset_bits;
    if (saved >= numbers.size() || numbers[saved] == 0) return ExtentTable::nowhere;
    return std::uint64_t{numbers[saved]} << ExtentTable::offset_bits | (address & ExtentTable::offset_mask);
  };
}

Result<std::optional<IndexImage>> take_index_image(const Projection& projection, const SegmentInfos& infos) {
  const AddressSpace& space = projection.address_space();
  const log::SegmentMap& files = space.registry()->files();
  const SegmentFile* const newest = newest_in(files);
  if (newest == nullptr) return std::nullopt;
  IndexImage image;
  std::uint32_t next_extent = ExtentTable::first_number;
  for (const auto& [key, entry] : files) {
    const SegmentFile* const file = &with_addresses(*entry);
    if (file->id > newest->id) break;
    if (!file->is_complete || (!image.segments.empty() && image.segments.back().id == file->id)) {
      return std::unexpected(cut_short(space, file->id));
    }
    const Result<safeatomic::FileInfo> info = info_of(space, file->id, infos);
    if (!info) return propagate(info);
    const bool is_last = file == newest;
    const bool is_it = info->inode == file->pinned.info.inode &&
                       (is_last ? info->size >= file->counts.bytes : info->size == file->counts.bytes);
    if (!is_it) return another_file(space, file->id, "somebody put another file in its place while the store was open");
    log::SavedSegment segment{.id = file->id,
                              .inode = info->inode,
                              .size = file->counts.bytes,
                              .modified_ns = static_cast<std::uint64_t>(info->modified_ns),
                              .counts = file->counts,
                              .needed_tombstone_bytes = space.needed_tombstone_bytes(*file),
                              .chain = file->chain};
    number(*file, segment, image, next_extent);
    image.segments.push_back(segment);
  }
  const RecordChain& chain = newest->chain;
  image.header = {.flags = log::flag_has_directory,
                  .hash_seed = projection.seed(),
                  .generation = 1,
                  .last = {.segment = newest->id,
                           .offset = newest->counts.bytes - chain.last_len,
                           .len = chain.last_len,
                           .txid = chain.last_txid,
                           .crc = chain.last_crc},
                  .segments = static_cast<std::uint32_t>(image.segments.size()),
                  .last_txid = chain.last_txid,
                  .keys = projection.size()};
  return image;
}

}  // namespace datawal::kv
