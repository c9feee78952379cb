#include "kv/record_space.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"

namespace datawal::kv {

namespace {

// One `pread` gets the whole of most records; a longer one costs a second.
constexpr std::size_t first_read = 4096;

// All lines of a small record at once: else the second is asked for only when the first has come and told how long it is. What
// lies behind the record, or behind the mapping, costs nothing: fetching ahead does not fault.
void prefetch_record(const char* from) noexcept {
  __builtin_prefetch(from);
  __builtin_prefetch(from + 64);
  __builtin_prefetch(from + 128);
}

}  // namespace

RecordSpace::RecordSpace(std::shared_ptr<safeatomic::Directory> directory, ReadPath read_path)
    : directory_(std::move(directory)), read_path_(read_path) {}
RecordSpace::~RecordSpace() = default;

Result<std::uint64_t> RecordSpace::find_room(const PinnedSegment& pinned, std::uint64_t needed) const {
  if (needed <= limit) {
    const std::optional<std::uint64_t> room = tables_ ? tables_->find_room(needed, limit) : 0;
    if (room) return *room;
  }
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "open store",
                               .path = segment::path(directory_->path(), pinned.id),
                               .segment = pinned.id,
                               .detail = "the store is larger than 256 TiB"});
}

Result<void> RecordSpace::add(const PinnedSegment& pinned, safeatomic::File& file, const SegmentRoom& room,
                              bool may_map) {
  auto segment = std::make_shared<SpaceSegment>();
  segment->id = pinned.id;
  segment->pinned = pinned;
  segment->reserved = std::max({pinned.info.size, room.positions, std::uint64_t{1}});
  Result<std::uint64_t> base = find_room(pinned, segment->reserved);
  if (!base) return propagate(base);
  segment->base = *base;
  segment->end.store(pinned.info.size, std::memory_order_relaxed);
  if (may_map) map(*segment, file, std::max(pinned.info.size, room.mapped));
  publish(segment);
  last_ = std::move(segment);
  return {};
}

Result<std::shared_ptr<SpaceSegment>> RecordSpace::add_rewritten(const SpaceSegment& old, const PinnedSegment& pinned,
                                                                 safeatomic::File& file) {
  auto segment = std::make_shared<SpaceSegment>();
  segment->id = pinned.id;
  segment->pinned = pinned;
  segment->generation = old.generation + 1;
  segment->reserved = pinned.info.size;
  Result<std::uint64_t> base = find_room(pinned, segment->reserved);
  if (!base) return propagate(base);
  segment->base = *base;
  segment->end.store(pinned.info.size, std::memory_order_relaxed);
  map(*segment, file, pinned.info.size);
  publish(segment);
  return segment;
}

void RecordSpace::hold(SpaceSegment& segment, std::shared_ptr<safeatomic::File> file) {
  const std::lock_guard guard(files_mutex_);
  segment.pinned.file = std::move(file);
  cache_.forget(segment.id);
}

void RecordSpace::remove(const SpaceSegment& segment) { publish(tables_->changed(nullptr, &segment)); }

void RecordSpace::publish(std::shared_ptr<SpaceSegment> added) {
  if (tables_ && !tables_->is_full()) {
    const SpaceSegment& behind = tables_->at(tables_->size() - 1);
    if (behind.base < added->base) return tables_->append(std::move(added));
  }
  publish(tables_ ? tables_->changed(std::move(added), nullptr) : SpaceTable(0).changed(std::move(added), nullptr));
}

void RecordSpace::publish(std::shared_ptr<SpaceTable> table) {
  if (tables_) removed_.push_back(tables_);
  tables_ = std::move(table);
  table_.store(tables_.get(), std::memory_order_release);
}

std::shared_ptr<SpaceSegment> RecordSpace::find(std::uint32_t id) const noexcept {
  std::shared_ptr<SpaceSegment> found;
  for (std::size_t i = 0; tables_ && i < tables_->size(); ++i) {
    const std::shared_ptr<SpaceSegment>& segment = tables_->share(i);
    if (segment->id == id && (!found || found->generation < segment->generation)) found = segment;
  }
  return found;
}

void RecordSpace::map(SpaceSegment& segment, safeatomic::File& file, std::uint64_t length) const noexcept {
  segment.mapping.reset();
  segment.mapped = nullptr;
  segment.mapped_len = 0;
  if (read_path_ != ReadPath::mapped || length == 0) return;
  safeatomic::Result<std::unique_ptr<safeatomic::Mapping>> mapping = file.map(safeatomic::MapAccess::read, 0,
                                                                              static_cast<std::size_t>(length));
  if (!mapping) return;  // too many mappings, or a filesystem that has none
  segment.mapping = std::move(*mapping);
  segment.mapped = segment.mapping->bytes().data();
  segment.mapped_len = length;
}

void RecordSpace::reopen_last(const PinnedSegment& pinned, const SegmentRoom& room) {
  last_->pinned = pinned;
  const std::uint64_t end = last_->end.load(std::memory_order_relaxed);
  last_->reserved = std::max({end, std::min(room.positions, limit - last_->base), std::uint64_t{1}});
  map(*last_, *pinned.file, std::max(end, room.mapped));
}

void RecordSpace::seal_last(const PinnedSegment& pinned) {
  const std::lock_guard guard(files_mutex_);
  last_->pinned = pinned;
  last_->pinned.file.reset();
  last_->reserved = std::max(last_->end.load(std::memory_order_relaxed), std::uint64_t{1});
}

void RecordSpace::extend_last(std::uint64_t end) noexcept { last_->end.store(end, std::memory_order_release); }

void RecordSpace::prefetch_in(const SpaceSegment& segment, std::uint64_t position) noexcept {
  const std::uint64_t offset = position - segment.base;
  if (offset < segment.mapped_len) prefetch_record(segment.mapped + offset);
}

Result<LocatedRecord> RecordSpace::read_in(SpaceSegment& segment, std::uint64_t position, std::string& buffer) const {
  const std::uint64_t offset = position - segment.base;
  const std::uint64_t end = segment.end.load(std::memory_order_acquire);
  std::string_view bytes;
  if (end <= segment.mapped_len) {
    bytes = {segment.mapped + offset, static_cast<std::size_t>(end - offset)};
    prefetch_record(bytes.data());
  } else {
    Result<std::string_view> got = bytes_of(segment, offset, buffer);
    if (!got) return propagate(got);
    bytes = *got;
  }
  LocatedRecord located;
  if (!format::decode_whole(bytes, located.record)) {
    return damaged(segment, offset, format::decode_next(bytes).stop);
  }
  located.ref = {.segment = segment.id,
                 .offset = offset,
                 .len = static_cast<std::uint32_t>(located.record.len),
                 .txid = located.record.txid,
                 .crc = located.record.crc};
  located.segment = &segment;
  return located;
}

// The bytes at `offset`, at least those of the frame that begins there, if they are there.
Result<std::string_view> RecordSpace::bytes_of(const SpaceSegment& segment, std::uint64_t offset,
                                               std::string& buffer) const {
  PinnedSegment pinned;
  {
    const std::lock_guard guard(files_mutex_);
    pinned = segment.pinned;
  }
  std::shared_ptr<safeatomic::File> file = pinned.file;
  if (!file) {
    Result<std::shared_ptr<safeatomic::File>> opened = cache_.open(directory_, pinned);
    if (!opened) return propagate(opened);
    file = std::move(*opened);
  }
  const std::uint64_t left = segment.end.load(std::memory_order_acquire) - offset;
  buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(first_read, left)));
  safeatomic::Result<std::size_t> got = safeatomic::read_all(*file, offset, buffer);
  if (!got) return format::lift(got, "read record");
  buffer.resize(*got);
  if (format::decode_next(buffer).stop == format::Stop::body_cut) {
    const std::uint64_t len = format::frame_len(format::load_header(buffer.data()));
    if (len <= left) {
      buffer.resize(static_cast<std::size_t>(len));
      got = safeatomic::read_all(*file, offset, buffer);
      if (!got) return format::lift(got, "read record");
      buffer.resize(*got);
    }
  }
  return std::string_view(buffer);
}

std::unexpected<Error> RecordSpace::damaged(const SpaceSegment& segment, std::uint64_t offset,
                                            format::Stop stop) const {
  return std::unexpected(Error{.code = Errc::corruption,
                               .action = "read record",
                               .path = segment::path(directory_->path(), segment.id),
                               .segment = segment.id,
                               .offset = offset,
                               .detail = std::string(format::describe(stop))});
}

}  // namespace datawal::kv
