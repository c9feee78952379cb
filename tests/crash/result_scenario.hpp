#pragma once
// Calls that leave one file: whole, or not at all.

#include <functional>
#include <string>

#include <safeatomic/sim.hpp>

#include "crash/scenario.hpp"

namespace datawal::crash {

struct ResultWorkload {
  std::string name;
  safeatomic::sim::DiskImage start;
  /// The call; an error message, empty if it succeeded. Deterministic: it leaves the same bytes each time.
  std::function<std::string(safeatomic::FileSystem&)> call;
  std::string path;  ///< of the file it leaves
  /// What else must hold on the disk at any time; a message if it does not.
  std::function<std::string(safeatomic::FileSystem&)> also = {};
};

[[nodiscard]] std::unique_ptr<Scenario> make_result_scenario(ResultWorkload workload);

/// compact_to, export_jsonl and the primitives of safeatomic.
[[nodiscard]] Scenarios result_scenarios();

}  // namespace datawal::crash
