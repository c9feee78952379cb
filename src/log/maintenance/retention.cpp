#include "log/maintenance/retention.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/log_scanner.hpp"

namespace datawal::log {

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

namespace {

// Only a compaction knows which values are still needed.
Result<void> refuse_keys(const std::shared_ptr<const Snapshot>& snapshot, std::uint32_t end, const LogCore& core) {
  LogScanner scanner(snapshot, LastSegment::published);
  RecordView record;
  for (;;) {
    const Result<bool> more = scanner.next(record);
    if (!more) return propagate(more);
    if (!*more || record.ref.segment >= end) return {};
    if (record.type != RecordType::Put) continue;
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "drop segments",
                                 .path = core.directory()->path(),
                                 .segment = record.ref.segment,
                                 .offset = record.ref.offset,
                                 .detail = "a key's value lies there: compact the store instead, or set "
                                           "DropOptions::with_keys to let the keys go"});
  }
}

}  // namespace

Result<void> drop_segments_before(LogCore& core, std::uint32_t id, const DropOptions& options) {
  if (Result<void> usable = core.refuse_unusable(); !usable) return usable;
  const Locked maintenance(core.maintenance_mutex());
  // The newest record stays, and is durable before others go: txids never go backwards.
  if (Result<void> synced = core.fsync(); !synced) return synced;
  Result<std::shared_ptr<const Snapshot>> snapshot = core.snapshot();
  if (!snapshot) return propagate(snapshot);
  const std::vector<PinnedSegment>& segments = (*snapshot)->segments;
  const auto newest = std::find_if(segments.rbegin(), segments.rend(),
                                   [](const PinnedSegment& segment) { return segment.info.size > 0; });
  if (newest == segments.rend()) return {};
  if (!options.with_keys) {
    if (Result<void> no_keys = refuse_keys(*snapshot, std::min(id, newest->id), core); !no_keys) return no_keys;
  }
  for (const PinnedSegment& segment : segments) {
    if (segment.id >= id || segment.id >= newest->id) break;
    safeatomic::Result<std::unique_ptr<safeatomic::File>> file = core.directory()->open_file(
        segment::filename(segment.id), {});
    if (!file) return io_failure(file, "remove segment");
    const std::shared_ptr<SegmentFile> known = core.segments().find(segment.id);
    if (!known) continue;
    Result<void> removed = core.remove_sealed(*known, std::move(*file));
    core.segments().erase(*known);
    if (!removed) return removed;
  }
  return {};
}

}  // namespace datawal::log
