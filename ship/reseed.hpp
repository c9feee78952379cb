#pragma once
// A stream that has lost units in its middle is no history any more: the store begins another one.

#include <cstdint>
#include <string>

#include "ship/outcome.hpp"
#include "ship/shipper.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

struct Reseeded {
  std::string damage{};     ///< of the old stream
  std::string store{};      ///< the id of the new history
  std::uint64_t floor = 0;  ///< what is above it will be in the new stream
};

/// Begins `fresh`, which must be empty, with what the store holds, and lets go of `damaged`, of which nothing is changed or removed. The
/// new history has an id of its own, so that no unit of one passes for a unit of the other. Done once more, it goes on where it was cut
/// short.
/// @param options  for `fresh`; `options.from_here`: also if the store has lost its beginning
/// @param old_name  of `damaged`
/// @return exit_usage if `damaged` is whole; exit_not_owner if another store ships there; exit_other_history if this one never did, if
///   `fresh` holds another history, or if the beginning of the store is gone
[[nodiscard]] Outcome<Reseeded> reseed(Stream& damaged, const std::string& old_name, Stream& fresh,
                                       const ShipOptions& options);

}  // namespace datawal::ship
