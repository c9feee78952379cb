#include "log/retention.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>

#include "format/seam_error.hpp"

namespace datawal {

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
