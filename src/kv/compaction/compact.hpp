#pragma once
// Giving space back in place, segment by segment, while the store is used.

#include <datawal/compaction.hpp>
#include <datawal/error.hpp>

#include "base/futex_mutex.hpp"
#include "base/mutex.hpp"
#include "kv/projection/projection.hpp"
#include "log/write/sealed_segments.hpp"

namespace datawal::kv {

/// A store that is compacted.
struct CompactionSite {
  log::SealedSegments& segments;
  Projection& projection;
  FutexMutex& changes;  ///< the lock of the projection's owner
};

/// As DataWal::compact, of the segments that are sealed now. One at a time.
/// @param bytes_per_appended  so many may be read and written beyond `options.max_bytes_per_second` for each byte that is appended
[[nodiscard]] Result<CompactionStats> compact(const CompactionSite& site, const CompactOptions& options,
                                              double bytes_per_appended = 0);

}  // namespace datawal::kv
