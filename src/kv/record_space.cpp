#include "kv/record_space.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"

namespace datawal::kv {

struct RecordSpace::Segment {
  std::uint32_t id = 0;
  PinnedSegment pinned;    // guarded by files_mutex_
  std::uint64_t base = 0;  // position of its first byte
  std::atomic<std::uint64_t> end{0};
  std::unique_ptr<safeatomic::Mapping> mapping{};
  const char* mapped = nullptr;
  std::uint64_t mapped_len = 0;
};

// Entries are written once, behind the count that readers see; a full table is replaced by a larger copy, and kept.
struct RecordSpace::Table {
  explicit Table(std::size_t size) : bases(size), segments(size) {}
  std::atomic<std::size_t> count{0};
  std::vector<std::uint64_t> bases;
  std::vector<Segment*> segments;
};

namespace {

// One `pread` gets the whole of most records; a longer one costs a second.
constexpr std::size_t first_read = 4096;

}  // namespace

RecordSpace::RecordSpace(std::shared_ptr<safeatomic::Directory> directory, ReadPath read_path)
    : directory_(std::move(directory)), read_path_(read_path) {}
RecordSpace::~RecordSpace() = default;

Result<void> RecordSpace::add(const PinnedSegment& pinned, safeatomic::File& file, std::uint64_t room, bool may_map) {
  std::uint64_t base = 0;
  if (!segments_.empty()) base = last().base + last().end.load(std::memory_order_relaxed);
  const std::uint64_t needed = std::max(pinned.info.size, room);
  if (base >= limit || needed > limit - base) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "open store",
                                 .path = segment::path(directory_->path(), pinned.id),
                                 .segment = pinned.id,
                                 .detail = "the store is larger than 256 TiB"});
  }
  Table* table = table_.load(std::memory_order_relaxed);
  if (table == nullptr || table->count.load(std::memory_order_relaxed) == table->bases.size()) {
    auto larger = std::make_unique<Table>(table == nullptr ? 8 : 2 * table->bases.size());
    if (table != nullptr) {
      std::ranges::copy(table->bases, larger->bases.begin());
      std::ranges::copy(table->segments, larger->segments.begin());
      larger->count.store(table->count.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    tables_.push_back(std::move(larger));
    table = tables_.back().get();
  }
  segments_.reserve(segments_.size() + 1);
  auto segment = std::make_unique<Segment>();
  segment->id = pinned.id;
  segment->pinned = pinned;
  segment->base = base;
  segment->end.store(pinned.info.size, std::memory_order_relaxed);
  if (may_map) map(*segment, file, needed);
  const std::size_t index = table->count.load(std::memory_order_relaxed);
  table->bases[index] = base;
  table->segments[index] = segment.get();
  segments_.push_back(std::move(segment));
  table->count.store(index + 1, std::memory_order_release);
  table_.store(table, std::memory_order_release);
  return {};
}

void RecordSpace::map(Segment& segment, safeatomic::File& file, std::uint64_t length) const noexcept {
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

void RecordSpace::reopen_last(const PinnedSegment& pinned, std::uint64_t room) {
  Segment& segment = last();
  segment.pinned = pinned;
  map(segment, *pinned.file, std::max(segment.end.load(std::memory_order_relaxed), room));
}

void RecordSpace::seal_last(const PinnedSegment& pinned) {
  const std::lock_guard guard(files_mutex_);
  last().pinned = {.id = pinned.id, .info = pinned.info};
}

void RecordSpace::extend_last(std::uint64_t end) noexcept { last().end.store(end, std::memory_order_release); }

std::uint32_t RecordSpace::last_id() const noexcept { return segments_.empty() ? 0 : last().id; }

RecordSpace::Segment& RecordSpace::last() const noexcept { return *segments_.back(); }

std::uint64_t RecordSpace::position_in_last(std::uint64_t offset) const noexcept { return last().base + offset; }

const RecordSpace::Segment& RecordSpace::segment_at(std::uint64_t position) const noexcept {
  const Table* table = table_.load(std::memory_order_acquire);
  std::size_t first = 0;
  std::size_t count = table->count.load(std::memory_order_acquire);
  while (count > 1) {
    const std::size_t half = count / 2;
    if (table->bases[first + half] <= position) first += half;
    count -= half;
  }
  return *table->segments[first];
}

void RecordSpace::prefetch(std::uint64_t position) const noexcept {
  const Segment& segment = segment_at(position);
  const std::uint64_t offset = position - segment.base;
  if (offset + 128 > segment.mapped_len) return;
  __builtin_prefetch(segment.mapped + offset);
  __builtin_prefetch(segment.mapped + offset + 64);
}

Result<LocatedRecord> RecordSpace::read(std::uint64_t position, std::string& buffer) const {
  const Segment& segment = segment_at(position);
  const std::uint64_t offset = position - segment.base;
  const std::uint64_t end = segment.end.load(std::memory_order_acquire);
  std::string_view bytes;
  if (end <= segment.mapped_len) {
    bytes = {segment.mapped + offset, static_cast<std::size_t>(end - offset)};
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
                 .txid = located.record.txid};
  return located;
}

// The bytes at `offset`, at least those of the frame that begins there, if they are there.
Result<std::string_view> RecordSpace::bytes_of(const Segment& segment, std::uint64_t offset,
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

std::unexpected<Error> RecordSpace::damaged(const Segment& segment, std::uint64_t offset, format::Stop stop) const {
  return std::unexpected(Error{.code = Errc::corruption,
                               .action = "read record",
                               .path = segment::path(directory_->path(), segment.id),
                               .segment = segment.id,
                               .offset = offset,
                               .detail = std::string(format::describe(stop))});
}

}  // namespace datawal::kv
