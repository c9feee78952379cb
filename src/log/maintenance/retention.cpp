#include "log/maintenance/retention.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/holds_file.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/log_scanner.hpp"
#include "segment/scanner.hpp"

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

// No record before `next` has a larger txid.
Result<std::uint64_t> last_txid_before(const std::shared_ptr<const Snapshot>& snapshot, std::uint32_t next) {
  LogScanner scanner(snapshot, LastSegment::published, {.segment = next});
  RecordView record;
  const Result<bool> found = scanner.next(record);
  if (!found) return propagate(found);
  return *found ? record.txid - 1 : std::numeric_limits<std::uint64_t>::max();
}

std::unexpected<Error> busy(const LogCore& core, std::uint32_t id) {
  return std::unexpected(Error{.code = Errc::locked,
                               .action = "drop segments",
                               .path = segment::path(core.directory()->path(), id),
                               .segment = id,
                               .detail = "another program has locked it; those before it are dropped"});
}

Result<std::uint64_t> last_txid_in(safeatomic::File& file, const PinnedSegment& segment) {
  segment::Scanner scanner;
  scanner.start(file, 0, segment.info.size);
  std::uint64_t last = 0;
  for (;;) {
    const Result<format::Stop> stop = scanner.next();
    if (!stop) return propagate(stop);
    if (*stop == format::Stop::none) {
      last = scanner.frame().txid;
      continue;
    }
    return scanner.end() == segment.info.size ? last : std::numeric_limits<std::uint64_t>::max();
  }
}

// Removes the first of `segments`. Mostly there is no hold; otherwise the next segment tells its last txid, unless txids are missing
// between the two. Only then is it read.
Result<Departure> remove(LogCore& core, SegmentFile& known, const std::shared_ptr<const Snapshot>& snapshot,
                         std::span<const PinnedSegment> segments) {
  const PinnedSegment& segment = segments.front();
  safeatomic::Result<std::unique_ptr<safeatomic::File>> opened = core.directory()->open_file(
      segment::filename(segment.id), {});
  if (!opened) return io_failure(opened, "remove segment");
  LeavingSegment leaving{
      .segment = known, .file = std::move(*opened), .last_txid = std::numeric_limits<std::uint64_t>::max()};
  Result<Departure> removed = core.sealed_segments().remove(leaving);
  if (!removed || *removed != Departure::held) return removed;
  const Result<std::uint64_t> at_most = last_txid_before(snapshot, segments[1].id);
  if (!at_most) return propagate(at_most);
  leaving.last_txid = *at_most;
  removed = core.sealed_segments().remove(leaving);
  if (!removed || *removed != Departure::held) return removed;
  const Result<std::uint64_t> exactly = last_txid_in(*leaving.file, segment);
  if (!exactly) return propagate(exactly);
  leaving.last_txid = std::min(*at_most, *exactly);
  return core.sealed_segments().remove(leaving);
}

}  // namespace

Result<void> drop_segments_before(LogCore& core, std::uint32_t id, const DropOptions& options) {
  if (Result<void> usable = core.refuse_unusable(); !usable) return usable;
  const Locked maintenance(core.sealed_segments().maintenance_mutex());
  // If it is unknown what is needed this fails, even if there were nothing to remove.
  if (const Result<std::vector<Hold>> holds = read_holds(*core.directory()); !holds) return propagate(holds);
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
  for (std::size_t n = 0; n + 1 < segments.size(); ++n) {
    const PinnedSegment& segment = segments[n];
    if (segment.id >= id || segment.id >= newest->id) break;
    const std::shared_ptr<SegmentFile> known = core.segments().find(segment.id);
    if (!known) continue;
    const Result<Departure> removed = remove(core, *known, *snapshot, std::span(segments).subspan(n));
    core.segments().erase(*known);
    if (!removed) return propagate(removed);
    if (*removed == Departure::held) break;  // and so are those behind it
    if (*removed == Departure::busy) return busy(core, segment.id);
  }
  return {};
}

}  // namespace datawal::log
