#pragma once
// Letting go of the oldest part of a log.

#include <cstdint>

#include <datawal/error.hpp>

#include "log/log_core.hpp"

namespace datawal {

/// As RecordLog::drop_segments_before.
[[nodiscard]] Result<void> drop_segments_before(LogCore& core, std::uint32_t id);

}  // namespace datawal
