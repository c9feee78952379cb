#pragma once
// Writes a store's live records as a new store.

#include <filesystem>
#include <memory>

#include <datawal/compaction.hpp>
#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/projection/live_view.hpp"
#include "kv/projection/projection.hpp"
#include "log/read/log_scanner.hpp"

namespace datawal::kv {

/// Fails if the log holds Raw records and the options do not say what to do with them.
[[nodiscard]] Result<void> refuse_raw(const Projection& projection, const CompactToOptions& options);

/// Writes `view`, by ascending key, as the single segment of a new store in `dir`; before it the Raw records of `snapshot`, if
/// the options say so. Errors as DataWal::compact_to.
[[nodiscard]] Result<CompactionStats> compact_view(LiveView view, const CompactToOptions& options,
                                                   std::shared_ptr<const log::Snapshot> snapshot, log::LastSegment last,
                                                   safeatomic::FileSystem& file_system,
                                                   const std::filesystem::path& dir);

}  // namespace datawal::kv
