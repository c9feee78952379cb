#pragma once
// Fail-over: another store ships from here on.

#include <cstdint>

#include "ship/outcome.hpp"
#include "ship/shipper.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

/// Lets this store ship from here on, and no other: it must hold the record at which the stream ends.
/// @return the epoch that began; exit_other_history if the stream goes on elsewhere
[[nodiscard]] Outcome<std::uint64_t> take_over(Stream& stream, const ShipOptions& options);

}  // namespace datawal::ship
