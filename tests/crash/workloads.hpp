#pragma once
// What is explored.

#include "crash/scenario.hpp"

namespace datawal::crash {

/// Those of the default run.
[[nodiscard]] Scenarios default_scenarios();

}  // namespace datawal::crash
