#pragma once
// Every disk that a loss of power may leave, or, where there are too many, a choice of them.

#include <cstdint>
#include <functional>

#include <safeatomic/sim.hpp>

namespace datawal::crash {

/// Beyond that many combinations at one point they are not all looked at.
inline constexpr std::uint64_t combinations_max = 1U << 12;

using Visit = std::function<void(const safeatomic::sim::Choice&)>;

/// Calls `visit` for all choices that differ in what a recovery can see: contents of temporaries and of `.lock` are left out,
/// since nothing reads them. Where there are more than combinations_max: for every subset of entries (up to 2^10) and each
/// file every size, every first sector that did not land with each of its older states, with nothing and with everything
/// behind it landed, the other files as new or as old as can be; and seeded random ones up to combinations_max.
/// Of these those that `model` knows; of the model `prefix` all.
/// @return whether it was a choice
bool for_each_outcome(const safeatomic::sim::PowerLoss& loss, safeatomic::sim::LossModel model, std::uint64_t seed,
                      const Visit& visit);

}  // namespace datawal::crash
