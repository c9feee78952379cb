#pragma once
// The holds of a log that this process writes.

#include <cstdint>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/holds.hpp>

#include "log/write/log_core.hpp"

namespace datawal::log {

/// As RecordLog::hold_from.
[[nodiscard]] Result<void> hold_from(LogCore& core, std::string_view name, std::uint64_t txid);

/// As RecordLog::drop_hold.
[[nodiscard]] Result<bool> drop_hold(LogCore& core, std::string_view name);

/// As RecordLog::holds.
[[nodiscard]] Result<std::vector<Hold>> holds_of(const LogCore& core);

}  // namespace datawal::log
