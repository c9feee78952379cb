#include "kv/space_table.hpp"

#include <algorithm>
#include <utility>

namespace datawal::kv {

SegmentCounts& SegmentCounts::operator+=(const SegmentCounts& other) noexcept {
  raw_records += other.raw_records;
  put_records += other.put_records;
  delete_records += other.delete_records;
  bytes += other.bytes;
  raw_bytes += other.raw_bytes;
  delete_bytes += other.delete_bytes;
  live_bytes += other.live_bytes;
  return *this;
}

void count(SegmentCounts& counts, RecordType type, std::uint32_t len) noexcept {
  counts.bytes += len;
  switch (type) {
    case RecordType::Raw:
      ++counts.raw_records;
      counts.raw_bytes += len;
      return;
    case RecordType::Put: ++counts.put_records; return;
    case RecordType::Delete:
      ++counts.delete_records;
      counts.delete_bytes += len;
      return;
  }
}

void SpaceTable::append(std::shared_ptr<SpaceSegment> segment) noexcept {
  const std::size_t index = count_.load(std::memory_order_relaxed);
  bases_[index] = segment->base;
  segments_[index] = std::move(segment);
  count_.store(index + 1, std::memory_order_release);
}

std::shared_ptr<SpaceTable> SpaceTable::changed(std::shared_ptr<SpaceSegment> added,
                                                const SpaceSegment* removed) const {
  const std::size_t count = size();
  auto table = std::make_shared<SpaceTable>(std::max<std::size_t>(8, 2 * (count + 1)));
  for (std::size_t i = 0; i < count; ++i) {
    if (added && added->base < bases_[i]) table->append(std::exchange(added, nullptr));
    if (segments_[i].get() != removed) table->append(segments_[i]);
  }
  if (added) table->append(std::move(added));
  return table;
}

std::optional<std::uint64_t> SpaceTable::find_room(std::uint64_t needed, std::uint64_t limit) const noexcept {
  const std::size_t count = size();
  const std::uint64_t behind = count == 0 ? 0 : bases_[count - 1] + segments_[count - 1]->reserved;
  if (behind <= limit && needed <= limit - behind) return behind;
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (bases_[i] - begin >= needed) return begin;
    begin = bases_[i] + segments_[i]->reserved;
  }
  return std::nullopt;
}

}  // namespace datawal::kv
