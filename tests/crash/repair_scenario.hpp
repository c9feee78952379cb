#pragma once
// The ways out of damage: repair, and salvage.

#include "crash/scenario.hpp"

namespace datawal::crash {

/// A store of three segments in /store, one byte of one of them changed.
/// @param has_state  with a state of all of it
[[nodiscard]] safeatomic::sim::DiskImage damaged_disk(std::uint32_t segment, std::uint64_t offset,
                                                      bool has_state = false);

[[nodiscard]] Scenarios repair_scenarios();

/// Salvaging such a store into a new one.
[[nodiscard]] std::unique_ptr<Scenario> make_salvage_scenario();

}  // namespace datawal::crash
