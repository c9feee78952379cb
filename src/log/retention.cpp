#include "log/retention.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>

#include "format/seam_error.hpp"
#include "log/store_directory.hpp"

namespace datawal {

Result<LogStats> stats_of(const LogCore& core) {
  Result<std::shared_ptr<const Snapshot>> snapshot = core.snapshot();
  if (!snapshot) return propagate(snapshot);
  LogStats stats{.segments = (*snapshot)->segments.size(),
                 .last_txid = core.last_txid(),
                 .durable_txid = core.durable_txid(),
                 .has_recovered_torn_tail = core.report().tail_truncated};
  for (const PinnedSegment& segment : (*snapshot)->segments) stats.bytes += segment.info.size;
  const Result<Quarantine> quarantine = quarantine_in(*core.directory());
  if (!quarantine) return propagate(quarantine);
  stats.quarantined_files = quarantine->files;
  stats.quarantined_bytes = quarantine->bytes;
  core.count_writes(stats);
  return stats;
}

Result<void> drop_segments_before(LogCore& core, std::uint32_t id) {
  const std::lock_guard care(core.care());
  // The newest record stays, and durably so before others go: txids never go backwards.
  if (Result<void> synced = core.fsync(); !synced) return synced;
  Result<std::shared_ptr<const Snapshot>> snapshot = core.snapshot();
  if (!snapshot) return propagate(snapshot);
  const std::vector<PinnedSegment>& segments = (*snapshot)->segments;
  const auto newest = std::find_if(segments.rbegin(), segments.rend(),
                                   [](const PinnedSegment& segment) { return segment.info.size > 0; });
  if (newest == segments.rend()) return {};
  for (const PinnedSegment& segment : segments) {
    if (segment.id >= id || segment.id >= newest->id) break;
    safeatomic::Result<std::unique_ptr<safeatomic::File>> file = core.directory()->open_file(
        segment::filename(segment.id), {});
    if (!file) return format::lift(file, "remove segment");
    if (Result<void> removed = core.remove_sealed(segment.id, std::move(*file)); !removed) return removed;
  }
  return {};
}

}  // namespace datawal
