#include "kv/saved_index/restore.hpp"

#include <memory>
#include <utility>

namespace datawal::kv {

namespace {

bool has_these_extents(const SegmentFile& segment, const log::SavedSegment& known) noexcept {
  const std::vector<std::uint32_t>& numbers = segment.extents.numbers();
  return numbers.size() == known.extents && (numbers.empty() || numbers.front() == known.first_extent);
}

// Extents are given out in the order in which they were numbered when the index was written.
std::optional<std::string> add(const log::Snapshot& snapshot, const log::PinnedSegment& there,
                               const log::SavedSegment& known, AddressSpace& space, bool is_mapped) {
  const Result<std::shared_ptr<safeatomic::File>> file = log::open_pinned(snapshot, there);
  if (!file) return "segment " + std::to_string(there.id) + " cannot be opened";
  space.added(space.registry()->add(there), **file, is_mapped);
  const bool is_added = space.cover_last(known.size).has_value();
  if (!is_added || !has_these_extents(space.last(), known)) return "its addresses are not those of this version";
  SegmentFile& segment = space.last();
  space.count(segment, known.counts);
  segment.is_counted = false;
  segment.chain = known.chain;
  space.note_needed_tombstones(segment, known.needed_tombstone_bytes);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> restore(SavedIndex index, const log::Snapshot& snapshot, Projection& projection,
                                   const RestoreOptions& options) {
  for (std::size_t n = 0; n < index.segments.size(); ++n) {
    const log::PinnedSegment& there = snapshot.segments[n];
    std::optional<std::string> refused = add(snapshot, there, index.segments[n], projection.address_space(),
                                             there.id != options.unmapped_id);
    if (refused) return refused;
  }
  auto pages = std::make_shared<PageFile>(snapshot.directory, index, options.damage);
  projection.restore(std::move(index.directory), std::move(pages));
  return std::nullopt;
}

}  // namespace datawal::kv
