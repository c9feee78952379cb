#pragma once
// Finds everything that is wrong with a store, not only the first.

#include <cstdint>
#include <functional>

#include <datawal/error.hpp>
#include <datawal/verify.hpp>
#include <safeatomic/file_system.hpp>

#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"
#include "segment/runs.hpp"

namespace datawal::log {

/// Is shown all damage; the report lists only the first. Empty functions are not called.
struct DamageVisitor {
  std::function<void(const MissingSegments&)> on_missing{};
  /// Stretches that are in no record, ascending; `stop` is `none` for those after the ones that the report lists.
  std::function<void(const DamagedRange&)> on_range{};
  /// Whole records behind the damage, in their place among the ranges. False ends the survey.
  std::function<Result<bool>(const PinnedSegment&, safeatomic::File&, const segment::Run&)> on_run{};
  /// Zeros at the end of the newest segment: [begin, end).
  std::function<void(const PinnedSegment&, std::uint64_t begin, std::uint64_t end)> on_reserved{};
};

/// Notes the ids that lie between those of the segments: `report.missing_segments`.
void survey_ids(const Snapshot& snapshot, const DamageVisitor& visitor, VerifyReport& report);

/// Notes the damage at `from` and everything after it that is in no whole record.
/// @return false if the visitor ended it
[[nodiscard]] Result<bool> survey_damage(const Snapshot& snapshot, Position from, const DamageVisitor& visitor,
                                         VerifyReport& report);

}  // namespace datawal::log
