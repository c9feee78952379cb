#pragma once
// Repairing a damaged store.

#include "crash/scenario.hpp"

namespace datawal::crash {

[[nodiscard]] Scenarios repair_scenarios();

}  // namespace datawal::crash
