#include "kv/projection/stats.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "log/directory/holds_file.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::kv {

namespace {

SegmentStats stats_of(const SegmentFile& segment, std::uint32_t active_id) {
  const SegmentCounts& counts = segment.counts;
  return {.id = segment.id,
          .bytes = counts.bytes,
          .live_bytes = counts.live_bytes,
          .raw_bytes = counts.raw_bytes,
          .tombstone_bytes = counts.delete_bytes,
          .raw_records = counts.raw_records,
          .put_records = counts.put_records,
          .delete_records = counts.delete_records,
          .last_txid = segment.chain.last_txid,
          .is_active = segment.id == active_id};
}

// While a segment is rewritten, some of its live records are counted in the old file and some in the new one.
void merge(std::vector<SegmentStats>& segments) {
  std::ranges::sort(segments, {}, &SegmentStats::id);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (kept > 0 && segments[kept - 1].id == segments[i].id) {
      SegmentStats& into = segments[kept - 1];
      into.bytes += segments[i].bytes;
      into.live_bytes += segments[i].live_bytes;
      into.raw_bytes += segments[i].raw_bytes;
      into.tombstone_bytes += segments[i].tombstone_bytes;
      into.raw_records += segments[i].raw_records;
      into.put_records += segments[i].put_records;
      into.delete_records += segments[i].delete_records;
      into.last_txid = std::max(into.last_txid, segments[i].last_txid);
    } else {
      segments[kept++] = segments[i];
    }
  }
  segments.resize(kept);
}

}  // namespace

StoreStats stats_of(const Projection& projection) {
  const DirectoryMemory memory = projection.directory().memory();
  StoreStats stats{.live_keys = projection.size(), .key_directory_bytes = memory.bytes};
  if (projection.directory().is_limited()) {
    stats.key_directory_changed_bytes = memory.dirty_pages * saved_page_len;
    stats.key_directory_bytes_on_file = memory.pages_on_file * saved_page_len;
    stats.key_directory_bytes_evicted = memory.pages_evicted * saved_page_len;
  }
  const AddressSpace& space = projection.address_space();
  space.for_each_file([&](const SegmentFile& file) { stats.per_segment.push_back(stats_of(file, space.last_id())); });
  merge(stats.per_segment);
  stats.segments = stats.per_segment.size();
  std::uint64_t raw_bytes = 0;
  for (SegmentStats& segment : stats.per_segment) {
    segment.dead_bytes = segment.bytes - segment.live_bytes - segment.raw_bytes - segment.tombstone_bytes;
    stats.bytes += segment.bytes;
    stats.live_bytes += segment.live_bytes;
    stats.raw_records += segment.raw_records;
    stats.put_records += segment.put_records;
    stats.delete_records += segment.delete_records;
    raw_bytes += segment.raw_bytes;
  }
  if (stats.bytes > 0) {
    const std::uint64_t kept = stats.live_bytes + raw_bytes;
    stats.garbage_ratio = static_cast<double>(stats.bytes - kept) / static_cast<double>(stats.bytes);
  }
  return stats;
}

void count_quarantine(safeatomic::Directory& directory, StoreStats& stats) {
  const Result<log::Quarantine> quarantine = log::quarantine_in(directory);
  if (!quarantine) return;
  stats.quarantined_files = quarantine->files;
  stats.quarantined_bytes = quarantine->bytes;
}

void count_holds(safeatomic::Directory& directory, StoreStats& stats) {
  Result<std::vector<Hold>> holds = log::read_holds(directory);
  if (!holds) {
    stats.holds_error = std::move(holds.error());
    return;
  }
  for (Hold& hold : *holds) {
    HoldStats kept{.hold = std::move(hold)};
    for (const SegmentStats& segment : stats.per_segment) {
      if (segment.is_active || segment.last_txid <= kept.hold.txid) continue;
      ++kept.segments;
      kept.bytes += segment.bytes;
      kept.garbage_bytes += segment.dead_bytes + segment.tombstone_bytes;
    }
    stats.holds.push_back(std::move(kept));
  }
}

}  // namespace datawal::kv
