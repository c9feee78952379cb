#pragma once
// Creates cursors over snapshots.

#include <functional>
#include <memory>
#include <optional>

#include <datawal/record_cursor.hpp>
#include <datawal/record_log_reader.hpp>
#include <datawal/recovery_report.hpp>

#include "log/read/log_scanner.hpp"

namespace datawal::log {

/// What a moved-from handle reports.
inline const RecoveryReport no_report{};

/// A cursor over `snapshot` from `from` on. With `skipped`, the first record must be that one and is left out; otherwise
/// the cursor is `place_lost`. With `limit` it ends there, wherever `skipped` lies.
[[nodiscard]] RecordCursor make_cursor(std::shared_ptr<const Snapshot> snapshot, LastSegment last, Position from = {},
                                       const std::optional<RecordRef>& skipped = std::nullopt,
                                       const std::optional<DurableEnd>& limit = std::nullopt);

/// A cursor whose every call fails with `error`.
[[nodiscard]] RecordCursor failed_cursor(Error error);

}  // namespace datawal::log
