#pragma once
// The size of a log, and the removal of its oldest part.

#include <cstdint>

#include <datawal/error.hpp>
#include <datawal/record_log.hpp>
#include <datawal/stats.hpp>

#include "log/write/log_core.hpp"

namespace datawal::log {

/// As RecordLog::stats.
[[nodiscard]] Result<LogStats> stats_of(const LogCore& core);

/// As RecordLog::drop_segments_before.
[[nodiscard]] Result<void> drop_segments_before(LogCore& core, std::uint32_t id, const DropOptions& options);

}  // namespace datawal::log
