// AddressSpace: which files there are.

#include <algorithm>
#include <new>
#include <utility>

#include <datawal/segment.hpp>

#include "kv/records/address_space.hpp"

namespace datawal::kv {

std::unexpected<Error> AddressSpace::no_addresses(std::uint32_t id) const {
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "open store",
                               .path = segment::path(directory().path(), id),
                               .segment = id,
                               .detail = "the store is larger than 256 TiB"});
}

std::shared_ptr<log::SegmentFile> AddressSpace::make_file() { return std::make_shared<SegmentFile>(extents_); }

void AddressSpace::added(log::SegmentFile& file, safeatomic::File& open, bool may_map) noexcept {
  SegmentFile& segment = with_addresses(file);
  const std::uint64_t size = segment.pinned.info.size;
  segment.end.store(size, std::memory_order_relaxed);
  if (may_map) map(segment, open, size);
  removed_.note_added(segment);
}

Result<void> AddressSpace::get_room(std::uint64_t last_end, std::uint64_t len) {
  if (!last().extents.cover(last_end)) return no_addresses(last_id());
  SegmentFile& spare = with_addresses(registry_->reserve());
  if (!spare.extents.cover(std::max<std::uint64_t>(len, 1))) return no_addresses(last_id());
  spare_end_ = spare.extents.end();
  return {};
}

void AddressSpace::rotated(log::SegmentFile& sealed, log::SegmentFile& next,
                           const std::shared_ptr<safeatomic::File>& file) noexcept {
  SegmentFile& from = with_addresses(sealed);
  from.extents.trim(from.end.load(std::memory_order_relaxed));
  spare_end_ = 0;
  SegmentFile& to = with_addresses(next);
  map(to, *file, room_.mapped);
  registry_->hold_open(next, file);
  removed_.note_added(to);
}

Result<void> AddressSpace::begin_appending(const std::shared_ptr<safeatomic::File>& file, std::uint64_t end,
                                           const SegmentRoom& room) {
  room_ = room;
  SegmentFile& segment = last();
  registry_->hold_open(segment, file);
  map(segment, *file, std::max(end, room.mapped));
  if (Result<void> covered = cover_last(end); !covered) return covered;
  extend_last(end);
  return {};
}

void AddressSpace::seal_last(const log::PinnedSegment& pinned, safeatomic::File& file) noexcept {
  registry_->set_last(pinned);
  last().end.store(pinned.info.size, std::memory_order_release);
  map(last(), file, pinned.info.size);
}

Result<std::shared_ptr<SegmentFile>> AddressSpace::add_rewritten(const SegmentFile& old,
                                                                 const safeatomic::FileInfo& info,
                                                                 safeatomic::File& file) {
  std::shared_ptr<log::SegmentFile> added = registry_->add_rewritten(old, info, [&](log::SegmentFile& entry) {
    SegmentFile& segment = with_addresses(entry);
    if (!segment.extents.cover(info.size)) return false;
    segment.end.store(info.size, std::memory_order_relaxed);
    segment.is_complete = false;
    map(segment, file, info.size);
    removed_.note_added(segment);
    return true;
  });
  if (!added) return no_addresses(old.id);
  return with_addresses(std::move(added));
}

AddressSpace::Removed AddressSpace::remove(const SegmentFile& segment) noexcept {
  if (segment.counts.live_bytes != 0) return {};
  std::shared_ptr<SegmentFile> file = with_addresses(registry_->erase(segment));
  if (!file) return {};
  counts_ -= file->counts;
  removed_.add(file);
  return {std::move(file), *this};
}

// All readers without a pin have left.
void AddressSpace::keep_for_pinned(SegmentFile& removed) noexcept {
  registry_->release(removed, removed.mapped_len < removed.end.load(std::memory_order_acquire));
}

bool AddressSpace::has_records_behind(std::uint32_t id) const noexcept {
  const log::SegmentMap& files = registry_->files();
  for (auto i = files.rbegin(); i != files.rend() && i->first.id > id; ++i) {
    if (with_addresses(*i->second).counts.bytes > 0) return true;
  }
  return false;
}

void AddressSpace::count_rewritten(SegmentFile& from, SegmentFile& to, const SegmentCounts& counts) noexcept {
  const std::uint64_t live_bytes = from.counts.live_bytes;
  counts_ -= from.counts;
  counts_ += counts;
  counts_.live_bytes += live_bytes;
  to.counts = counts;
  from.counts = {.live_bytes = live_bytes};
}

std::uint64_t AddressSpace::needed_tombstone_bytes(const SegmentFile& segment) const noexcept {
  const auto since = std::ranges::upper_bound(puts_gone_, segment.needed_as_of, {}, &PutsGone::at);
  const bool is_outdated = since != puts_gone_.end() && since->id < segment.id;
  return is_outdated ? 0 : segment.needed_tombstone_bytes;
}

void AddressSpace::note_needed_tombstones(SegmentFile& segment, std::uint64_t bytes) noexcept {
  segment.needed_tombstone_bytes = bytes;
  segment.needed_as_of = puts_gone_now_;
}

void AddressSpace::note_puts_gone(std::uint32_t id) noexcept {
  ++puts_gone_now_;
  while (!puts_gone_.empty() && puts_gone_.back().id >= id) puts_gone_.pop_back();
  try {
    puts_gone_.push_back({.at = puts_gone_now_, .id = id});
  } catch (const std::bad_alloc&) {
    // An earlier one stands for it: that outdates more than needed, and what is outdated is looked at once more.
    if (!puts_gone_.empty()) puts_gone_.back().at = puts_gone_now_;
  }
}

}  // namespace datawal::kv
