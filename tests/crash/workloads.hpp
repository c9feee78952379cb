#pragma once
// What is explored.

#include <cstdint>
#include <memory>
#include <string>

#include "crash/followers.hpp"
#include "crash/scenario.hpp"

namespace datawal::crash {

/// Those of the default run.
[[nodiscard]] Scenarios default_scenarios();

/// One of these, whose followers have a bug.
[[nodiscard]] std::unique_ptr<Scenario> make_followed_scenario(FollowerBug bug);

/// A workload drawn by chance: the same one for the same number.
[[nodiscard]] std::unique_ptr<Scenario> random_scenario(std::uint64_t number);

/// The scenario of that name, a random one's too; null if there is none.
[[nodiscard]] std::unique_ptr<Scenario> scenario_named(const std::string& name);

}  // namespace datawal::crash
