#pragma once
// The first unit of a stream.

#include <cstdint>

#include "ship/outcome.hpp"
#include "ship/shipper.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

/// Begins the stream, which has no unit yet, with what the store holds. The hold is set first: from then on nothing goes that is not
/// shipped.
/// @param sequence  the last one of the stream
/// @return false if `options.stop` came first. exit_other_history if the store has lost its beginning and `options.from_here` does not
///   say that this is known
[[nodiscard]] Outcome<bool> begin_stream(Stream& stream, const ShipOptions& options, std::uint64_t sequence);

}  // namespace datawal::ship
