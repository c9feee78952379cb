#pragma once
// Finds everything that is wrong with a store, not only the first.

#include <datawal/error.hpp>
#include <datawal/verify.hpp>

#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::log {

/// Notes the ids that lie between those of the segments: `report.missing_segments`.
void survey_ids(const Snapshot& snapshot, VerifyReport& report);

/// Notes the damage at `from` and everything after it that is in no whole record.
[[nodiscard]] Result<void> survey_damage(const Snapshot& snapshot, Position from, VerifyReport& report);

}  // namespace datawal::log
