#pragma once
// Options and results of compaction, in place and into another directory.

#include <cstdint>
#include <functional>

#include <datawal/options.hpp>

namespace datawal {

/// What compact_to() does with Raw records, which belong to no key.
enum class RawRecords : std::uint8_t {
  refuse,   ///< fail with invalid_argument if there are any
  include,  ///< copy them first, in log order
  drop,     ///< leave them out
};

/// For compact_to().
struct CompactToOptions {
  RawRecords raw = RawRecords::refuse;  ///< what to do with records without a key
  ProgressCallback on_progress{};       ///< bytes of live records; called now and then from this thread; must not throw
};

/// For compact().
struct CompactOptions {
  /// Segments with a smaller share of garbage (dead Puts, and tombstones not known to be needed) are left as they are.
  double min_garbage_ratio = 0.3;
  std::uint64_t max_bytes_per_second = 0;  ///< read and written together; 0: no limit
  /// Called now and then, from this thread, with how many bytes of the sealed segments are done; false stops. Must neither
  /// throw nor call the store.
  std::function<bool(const Progress&)> on_progress{};
};

/// What a compaction did.
struct CompactionStats {
  std::uint64_t live_keys = 0;        ///< keys that have a value
  std::uint64_t records_written = 0;  ///< all records copied
  std::uint64_t bytes_written = 0;    ///< in those records
  // Of compact() only.
  std::uint64_t segments_rewritten = 0;  ///< copied without what is dead
  std::uint64_t segments_removed = 0;    ///< nothing in them was needed
  std::uint64_t segments_skipped = 0;    ///< not enough garbage
  std::uint64_t segments_held = 0;       ///< left as they are, garbage and all, since a hold keeps them
  std::uint64_t segments_busy = 0;       ///< likewise, since another program had locked them or replaced them
  std::uint64_t bytes_reclaimed = 0;     ///< of the segments' files
  bool is_cancelled = false;             ///< on_progress returned false; what was done before stays done
};

}  // namespace datawal
