#pragma once
// A log made once more from its frames.

#include <memory>

#include "crash/scenario.hpp"

namespace datawal::crash {

[[nodiscard]] std::unique_ptr<Scenario> make_rebuild_scenario();

}  // namespace datawal::crash
