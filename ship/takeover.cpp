#include "ship/takeover.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <datawal/follower.hpp>

#include "ship/claim.hpp"
#include "ship/same.hpp"
#include "ship/tries.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

namespace {

// The claim of a take-over that did not come to pass.
Outcome<std::uint64_t> withdraw(const ShipOptions& options, const Claim& claim, Exit exit, std::string why) {
  if (Outcome<void> dropped = drop_claim(options.dir, claim); !dropped) return pass_on(dropped);
  return fail(exit, std::move(why));
}

// Nothing held the store so far: a compaction may have removed a Delete that the stream lacks, with a Put that it has.
Outcome<bool> has_gaps_behind(const std::filesystem::path& dir, const RecordRef& end) {
  const Result<Follower> follower = Follower::open(dir, {.after = end});
  if (!follower) return fail(follower.error());
  const Result<FollowerLag> lag = follower->lag();
  if (!lag) return fail(lag.error());
  return lag->records != lag->txids;
}

}  // namespace

Outcome<std::uint64_t> take_over(Stream& stream, const ShipOptions& options) {
  Outcome<StreamEnd> end = find_end(stream);
  if (!end) return pass_on(end);
  if (!end->head) return fail(exit_usage, "the stream is empty: there is nothing to take over");
  const Outcome<std::optional<RecordRef>> same = compare_end(stream, options.dir, *end);
  if (!same) return pass_on(same);
  const Claim claim = new_claim(options.stream, end->head->store);
  const std::uint64_t floor = end->head->crc ? floor_below(end->head->last) : 0;
  if (Outcome<void> set = set_claim(options.dir, claim, floor); !set) return pass_on(set);
  const Outcome<bool> has_gaps = *same ? has_gaps_behind(options.dir, **same) : Outcome<bool>(false);
  if (!has_gaps) return pass_on(has_gaps);
  if (*has_gaps) {
    return withdraw(options, claim, exit_other_history,
                    "the store was compacted behind the end of the stream, before it had taken over: what was deleted "
                    "there would stay in the stream. Rebuild a store from the stream again");
  }
  Unit unit{.kind = UnitKind::takeover,
            .store = claim.store,
            .owner = claim.owner,
            .epoch = end->head->epoch + 1,
            .first = end->head->last,
            .last = end->head->last,
            .crc = end->head->crc,
            .before = end->head->chain};
  unit.chain = chain_of(unit, {});
  Tries tries(options);
  for (;;) {
    const Stream::Answer answer = stream.publish(unit, {}, end->sequence);
    if (answer.outcome == Stream::Published::stored) break;
    end = find_end(stream);
    if (!end) return pass_on(end);
    if (end->head && end->head->chain == unit.chain) break;
    if (end->head && end->head->chain == unit.before) {
      // Without an answer the claim stays: the unit may still arrive.
      const Outcome<bool> again = tries.again(answer.why);
      if (!again) return pass_on(again);
      if (!*again) return fail(exit_usage, "ended before it was known whether the take-over came to pass");
      continue;
    }
    if (end->head && end->head->epoch >= unit.epoch) {
      return withdraw(options, claim, exit_not_owner, "another store has taken over at the same time");
    }
    return withdraw(options, claim, exit_other_history,
                    "the stream has gone on meanwhile: rebuild the store from it again, and then take over");
  }
  Outcome<std::vector<Claim>> claims = claims_of(options.dir, options.stream);
  if (!claims) return pass_on(claims);
  for (const Claim& old : *claims) {
    if (old.owner == claim.owner) continue;
    if (Outcome<void> dropped = drop_claim(options.dir, old); !dropped) return pass_on(dropped);
  }
  return unit.epoch;
}

}  // namespace datawal::ship
