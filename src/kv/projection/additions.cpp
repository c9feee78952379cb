#include "kv/projection/additions.hpp"

#include <algorithm>
#include <memory>
#include <unordered_map>

namespace datawal::kv {

bool Additions::add(const RecordView& record) {
  const bool is_too_much = records_.size() == max_records || keys_.size() + record.key.size() > max_key_bytes;
  if (is_too_much) return false;
  Item item{.ref = record.ref, .type = record.type, .key_begin = keys_.size()};
  if (record.type != RecordType::Raw) {
    item.key_len = record.key.size();
    keys_.append(record.key);
  }
  records_.push_back(item);
  return true;
}

Result<void> Additions::take_in(const log::Snapshot& now, std::uint64_t end) {
  if (Result<void> prepared = prepare(); !prepared) return prepared;
  projection_.reserve(records_.size());
  if (Result<void> grown = grow_address_space(now, end); !grown) return grown;
  apply();
  return {};
}

// Only the newest record of each key counts; it replaces what was there before.
Result<void> Additions::prepare() {
  std::unordered_map<std::string_view, Item*> newest;
  for (Item& item : records_) {
    if (item.type == RecordType::Raw) continue;
    Item*& place = newest[key_of(item)];
    if (place != nullptr) place->is_newest = false;
    place = &item;
    item.is_newest = true;
  }
  for (Item& item : records_) {
    if (!item.is_newest) continue;
    const std::string_view key = key_of(item);
    Result<Projection::Change> change = projection_.prepare(key, projection_.hash_of(key));
    if (!change) return propagate(change);
    item.change = *change;
  }
  return {};
}

// No address leads to these segments yet: if the next one cannot be added, those added before show nothing.
Result<void> Additions::grow_address_space(const log::Snapshot& now, std::uint64_t end) {
  AddressSpace& space = projection_.address_space();
  const std::uint32_t last_id = space.last_id();
  const auto first = std::ranges::find(now.segments, last_id, &log::PinnedSegment::id);
  std::vector<std::shared_ptr<safeatomic::File>> files;
  for (auto segment = first; segment != now.segments.end(); ++segment) {
    Result<std::shared_ptr<safeatomic::File>> file = open_pinned(now, *segment);
    if (!file) return propagate(file);
    files.push_back(std::move(*file));
  }
  for (auto segment = first; segment != now.segments.end(); ++segment) {
    safeatomic::File& file = *files[static_cast<std::size_t>(segment - first)];
    const bool is_last = &*segment == &now.segments.back();
    if (segment != first) {
      space.added(space.registry()->add(*segment), file, !is_last);
    } else if (!is_last) {
      space.seal_last(*segment, file);
    }
    if (Result<void> covered = cover_last(); !covered) return covered;
    if (is_last) space.extend_last(end);
  }
  return {};
}

// Gives addresses to those of these records that lie in the last segment.
Result<void> Additions::cover_last() {
  AddressSpace& space = projection_.address_space();
  std::uint64_t end = 0;
  for (const Item& item : records_) {
    if (item.ref.segment == space.last_id()) end = item.ref.offset + item.ref.len;
  }
  return end == 0 ? Result<void>() : space.cover_last(end);
}

void Additions::apply() noexcept {
  const AddressSpace& space = projection_.address_space();
  std::shared_ptr<SegmentFile> segment;
  for (const Item& item : records_) {
    if (!segment || segment->id != item.ref.segment) segment = space.find(item.ref.segment);
    projection_.apply_in(*segment, item.is_newest ? &item.change : nullptr, item.type, item.ref);
  }
}

}  // namespace datawal::kv
