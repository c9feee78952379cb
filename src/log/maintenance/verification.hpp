#pragma once
// The one pass of verify(), for callers that also want to see the records.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/verify.hpp>

#include "log/maintenance/damage_survey.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::log {

/// Empty functions are not called.
struct VerifyVisitor {
  LogScanner::EnterCallback on_enter{};  ///< a segment, before its records
  /// The next records, in log order; views are valid during the call. False ends the pass, and the report is of what was read so far.
  std::function<Result<bool>(std::span<const RecordView>)> on_records{};
  /// The walk has ended: behind the last record, or at the damage.
  std::function<Result<void>(const LogScanner&)> on_end{};
  DamageVisitor damage{};  ///< what lies there and behind it
};

/// @return as verify()
[[nodiscard]] Result<VerifyReport> verify_snapshot(const std::shared_ptr<const Snapshot>& snapshot,
                                                   const VerifyVisitor& visitor, const ProgressCallback& on_progress);

}  // namespace datawal::log
