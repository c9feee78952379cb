#pragma once
// Programs without this library that have a bug of their own, which the enumeration must find.

#include "crash/scenario.hpp"

namespace datawal::crash {

/// What a log of records of 6,000 bytes, each with a checksum and synced, takes for granted.
enum class Belief : std::uint8_t {
  nothing,             ///< sound: what the others are caught by is their belief
  sizes_are_whole,     ///< the file ends behind a record
  kills_leave_whole,   ///< where all whole records are sound, the next one goes to the end of the file
  writes_are_whole,    ///< what one call was asked to write it has written
  reading_back_proves  ///< a sync that failed has succeeded if the bytes can be read
};

[[nodiscard]] std::unique_ptr<Scenario> make_naive_scenario(Belief belief);

}  // namespace datawal::crash
