#pragma once
// Opening for writing: what is there is read and judged first, and changed only then.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/recovery_report.hpp>
#include <safeatomic/file_system.hpp>

#include "log/directory/watermark_file.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/segment_registry.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::log {

class StoreOwner;

/// Records that a replay takes at a time.
inline constexpr std::size_t replay_batch = 64;

/// Sees the log in the one pass that recovery makes over it, in log order.
struct RecoveryVisitor {
  /// Called before anything is read: what is known of the log's beginning, so that reading starts behind it. Null, or nullopt: nothing.
  std::function<std::optional<Before>(const Snapshot& snapshot)> on_begin{};
  /// Reading failed behind what was known: everything is read again, from the first record.
  std::function<void(const Error& error)> on_restart{};
  std::function<void(SegmentFile&, safeatomic::File&)>
      on_segment{};  ///< before a segment's records, when it is the registry's last; its file is open during the call
  std::function<void(std::span<const RecordView>)>
      on_records{};                        ///< the next ones; the views are valid during the call
  std::function<Result<void>()> on_end{};  ///< after the last record, before anything of the store is changed
  std::function<void(RecoveryReport& report)> on_report{};  ///< the store is recovered: what else is to be told
};

/// A store that is ready to be appended to; everything that the report counts survives a loss of power.
struct Recovered {
  RecoveryReport report{};
  std::unique_ptr<safeatomic::File> file{};  ///< of the active segment, the registry's last
  std::uint64_t end = 0;                     ///< where it ends, and its valid prefix
  WatermarkFile watermark{};
  std::uint64_t last_txid = 0;  ///< the next record gets the one behind it
};

/// Recovers the store in the directory of `segments`, whose lock the caller holds. Errors as RecordLog::open.
/// @param segments  gets the store's
[[nodiscard]] Result<Recovered> recover(safeatomic::FileSystem& file_system, SegmentRegistry& segments,
                                        const OpenOptions& options, const RecoveryVisitor& visitor);

/// Makes segment `id`, empty, with its name durable; it belongs to `owner`.
/// @return already_exists if it is there
[[nodiscard]] Result<std::unique_ptr<safeatomic::File>> create_segment(safeatomic::FileSystem& file_system,
                                                                       safeatomic::Directory& directory,
                                                                       const StoreOwner& owner, std::uint32_t id,
                                                                       std::uint32_t mode);

}  // namespace datawal::log
