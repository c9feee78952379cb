#include "ship/genesis.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "ship/claim.hpp"
#include "ship/source.hpp"
#include "ship/tries.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

namespace {

Outcome<bool> publish_first(Stream& stream, const ShipOptions& options, const Unit& unit, std::uint64_t sequence) {
  Tries tries(options);
  for (;;) {
    const Stream::Answer answer = stream.publish(unit, {}, sequence);
    if (answer.outcome == Stream::Published::stored) return true;
    const Outcome<StreamEnd> end = find_end(stream);
    if (!end) return pass_on(end);
    if (end->head) return true;  // whose it is, is seen next
    if (Outcome<bool> again = tries.again(answer.why); !again || !*again) return again;
    sequence = end->sequence;
  }
}

// What lies before the first record of the store.
Outcome<std::uint64_t> floor_of(const ShipOptions& options) {
  const Outcome<std::optional<std::uint64_t>> first = first_txid(options.dir);
  if (!first) return pass_on(first);
  const std::uint64_t floor = first->value_or(1) - 1;
  if (floor != 0 && !options.from_here) {
    return fail(
        exit_other_history,
        fmt::format("the store begins with txid {}: what was before is not in it any more, so that a store that "
                    "is rebuilt from the stream would lack it. Say --from-here to ship it all the same",
                    floor + 1));
  }
  return floor;
}

}  // namespace

Outcome<bool> begin_stream(Stream& stream, const ShipOptions& options, std::uint64_t sequence) {
  Outcome<std::uint64_t> floor = floor_of(options);
  if (!floor) return pass_on(floor);
  Outcome<std::vector<Claim>> claims = claims_of(options.dir, options.stream);
  if (!claims) return pass_on(claims);
  // One that is there began a stream that is gone, or was cut short before there was one.
  Claim claim = claims->empty() ? new_claim(options.stream) : std::move(claims->front());
  // What was removed before the hold counted is not held.
  for (bool is_held = false; !is_held;) {
    if (Outcome<void> set = set_claim(options.dir, claim, *floor); !set) return pass_on(set);
    const Outcome<std::uint64_t> now = floor_of(options);
    if (!now) return pass_on(now);
    is_held = *now == *floor;
    floor = now;
  }
  Unit unit{.kind = UnitKind::genesis,
            .store = claim.store,
            .owner = claim.owner,
            .first = *floor,
            .last = *floor,
            .before = no_chain()};
  unit.chain = chain_of(unit, {});
  return publish_first(stream, options, unit, sequence);
}

}  // namespace datawal::ship
