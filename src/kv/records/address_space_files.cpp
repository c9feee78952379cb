// AddressSpace: which files there are.

#include <algorithm>
#include <iterator>
#include <limits>
#include <new>
#include <utility>

#include <datawal/segment.hpp>

#include "kv/records/address_space.hpp"
#include "log/directory/kept_files.hpp"

namespace datawal::kv {

std::unexpected<Error> AddressSpace::no_addresses(std::uint32_t id) const {
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "open store",
                               .path = segment::path(directory_->path(), id),
                               .segment = id,
                               .detail = "the store is larger than 256 TiB"});
}

// Ready to be put among the segments, which then cannot fail.
SegmentMap::node_type AddressSpace::make_node() {
  SegmentMap one;
  one.emplace(SegmentFileKey{}, std::make_shared<SegmentFile>(extents_));
  return one.extract(one.begin());
}

Result<void> AddressSpace::add(const log::PinnedSegment& pinned, safeatomic::File& file, const SegmentRoom& room,
                               bool may_map) {
  SegmentMap::node_type node = make_node();
  const std::shared_ptr<SegmentFile> segment = node.mapped();
  node.key() = {.id = pinned.id};
  segment->id = pinned.id;
  segment->pinned = pinned;
  segment->end.store(pinned.info.size, std::memory_order_relaxed);
  if (may_map) map(*segment, file, std::max(pinned.info.size, room.mapped));
  removed_.note_added(*segment);
  segments_.insert(std::move(node));
  last_ = segment;
  return {};
}

Result<void> AddressSpace::get_room(std::uint64_t last_end, std::uint64_t len) {
  if (!last_->extents.cover(last_end)) return no_addresses(last_->id);
  if (spare_.empty()) spare_ = make_node();
  if (!spare_.mapped()->extents.cover(std::max<std::uint64_t>(len, 1))) return no_addresses(last_->id);
  spare_end_ = spare_.mapped()->extents.end();
  return {};
}

void AddressSpace::rotate(const log::PinnedSegment& sealed, const log::PinnedSegment& next,
                          const SegmentRoom& room) noexcept {
  {
    const std::lock_guard guard(files_mutex_);
    last_->pinned = sealed;
    last_->pinned.file.reset();
  }
  last_->extents.trim(last_->end.load(std::memory_order_relaxed));
  SegmentMap::node_type node = std::exchange(spare_, {});
  spare_end_ = 0;
  last_ = node.mapped();
  last_->id = next.id;
  last_->pinned = next;
  if (next.file) map(*last_, *next.file, room.mapped);
  node.key() = {.id = next.id};
  removed_.note_added(*last_);
  segments_.insert(std::move(node));
}

void AddressSpace::reopen_last(const log::PinnedSegment& pinned, const SegmentRoom& room) {
  last_->pinned = pinned;
  map(*last_, *pinned.file, std::max(last_->end.load(std::memory_order_relaxed), room.mapped));
}

void AddressSpace::seal_last(const log::PinnedSegment& pinned, safeatomic::File& file) noexcept {
  {
    const std::lock_guard guard(files_mutex_);
    last_->pinned = pinned;
  }
  last_->end.store(pinned.info.size, std::memory_order_release);
  map(*last_, file, pinned.info.size);
}

void AddressSpace::read_from(SegmentFile& segment, std::shared_ptr<safeatomic::File> file) noexcept {
  const std::lock_guard guard(files_mutex_);
  segment.pinned.file = std::move(file);
  cache_.forget(segment.id);
}

Result<std::shared_ptr<SegmentFile>> AddressSpace::add_rewritten(const SegmentFile& old,
                                                                 const log::PinnedSegment& pinned,
                                                                 safeatomic::File& file) {
  SegmentMap::node_type node = make_node();
  std::shared_ptr<SegmentFile> segment = node.mapped();
  node.key() = {.id = old.id, .generation = old.generation + 1};
  segment->id = old.id;
  segment->generation = old.generation + 1;
  segment->pinned = pinned;
  if (!segment->extents.cover(pinned.info.size)) return no_addresses(old.id);
  segment->end.store(pinned.info.size, std::memory_order_relaxed);
  map(*segment, file, pinned.info.size);
  removed_.note_added(*segment);
  segments_.insert(std::move(node));
  return segment;
}

AddressSpace::Removed AddressSpace::remove(const SegmentFile& segment) noexcept {
  const auto found = segments_.find({.id = segment.id, .generation = segment.generation});
  if (found == segments_.end() || segment.counts.live_bytes != 0) return {};
  std::shared_ptr<SegmentFile> file = std::move(found->second);
  segments_.erase(found);
  counts_ -= file->counts;
  removed_.add(file);
  return {std::move(file), *this};
}

// Whoever reads without a pin has left. A descriptor for each file would take all that the process has, when many are rewritten.
void AddressSpace::keep_for_pinned(SegmentFile& removed) noexcept {
  std::shared_ptr<safeatomic::File> file;
  std::shared_ptr<log::KeptFile> kept;
  const std::lock_guard guard(files_mutex_);
  file = std::exchange(removed.pinned.file, nullptr);
  kept = std::exchange(removed.pinned.kept, nullptr);
  const bool is_mapped = removed.mapped_len >= removed.end.load(std::memory_order_acquire);
  if (is_mapped || !file) return;
  try {
    removed.pinned.file = log::keep_open(file);
  } catch (const std::bad_alloc&) {
    removed.pinned.file = nullptr;  // as if there were no descriptor left
  }
}

std::shared_ptr<SegmentFile> AddressSpace::find(std::uint32_t id) const noexcept {
  const auto newest = segments_.lower_bound({.id = id, .generation = std::numeric_limits<std::uint32_t>::max()});
  return newest != segments_.end() && newest->first.id == id ? newest->second : nullptr;
}

bool AddressSpace::has_records_behind(std::uint32_t id) const noexcept {
  for (auto i = segments_.rbegin(); i != segments_.rend() && i->first.id > id; ++i) {
    if (i->second->counts.bytes > 0) return true;
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
