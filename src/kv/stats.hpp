#pragma once
// A fold's counts as users see them.

#include <datawal/data_wal.hpp>

#include "kv/projection.hpp"

namespace datawal::kv {

[[nodiscard]] inline StoreStats stats_of(const Projection& projection) {
  const FoldCounts& counts = projection.counts();
  StoreStats stats{.bytes = counts.bytes,
                   .live_bytes = counts.live_bytes,
                   .live_keys = projection.size(),
                   .raw_records = counts.raw_records,
                   .put_records = counts.put_records,
                   .delete_records = counts.delete_records,
                   .key_directory_bytes = projection.memory_bytes()};
  if (counts.bytes > 0) {
    const std::uint64_t kept = counts.live_bytes + counts.raw_bytes;
    stats.garbage_ratio = static_cast<double>(counts.bytes - kept) / static_cast<double>(counts.bytes);
  }
  return stats;
}

}  // namespace datawal::kv
