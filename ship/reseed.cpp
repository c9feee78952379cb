#include "ship/reseed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ship/claim.hpp"
#include "ship/genesis.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

namespace {

// What the stream has lost.
Outcome<std::string> damage_of(Stream& stream, const std::string& name) {
  const Outcome<StreamEnd> end = find_end_by_all(stream);
  if (!end && end.error().exit == exit_stream_damaged) return end.error().text;
  if (!end) return pass_on(end);
  return fail(exit_usage, fmt::format("the stream {} is one chain: there is no reason to begin another one", name));
}

// A store that another one has taken over must not begin again what is the other's now.
Outcome<void> owned(const std::vector<Claim>& claims, const Unit& newest, const std::string& name) {
  if (std::ranges::any_of(
          claims, [&](const Claim& claim) { return claim.store == newest.store && claim.owner == newest.owner; })) {
    return {};
  }
  const bool has_shipped = std::ranges::any_of(claims, [&](const Claim& claim) { return claim.store == newest.store; });
  if (has_shipped) return fail(exit_not_owner, fmt::format("another store has taken over the stream {}", name));
  return fail(exit_other_history, fmt::format("this store has never shipped into the stream {}", name));
}

// The claim by which `fresh` was begun; nullopt if it has no unit yet.
Outcome<std::optional<Claim>> begun(Stream& fresh, const ShipOptions& options) {
  const Outcome<StreamEnd> end = find_end(fresh);
  if (!end) return pass_on(end);
  if (!end->head) return std::optional<Claim>();
  Outcome<std::vector<Claim>> claims = claims_of(options.dir, options.stream);
  if (!claims) return pass_on(claims);
  for (Claim& claim : *claims) {
    if (claim.store == end->head->store && claim.owner == end->head->owner) return std::optional(std::move(claim));
  }
  return fail(exit_other_history,
              fmt::format("the stream {} is not empty, and what is in it is of another history: name one that is new",
                          options.stream));
}

}  // namespace

Outcome<Reseeded> reseed(Stream& damaged, const std::string& old_name, Stream& fresh, const ShipOptions& options) {
  if (options.stream == old_name) return fail(exit_usage, "the new stream must have another name than the damaged one");
  const Outcome<std::vector<Claim>> old_claims = claims_of(options.dir, old_name);
  if (!old_claims) return pass_on(old_claims);
  Outcome<std::string> damage = damage_of(damaged, old_name);
  if (!damage) return pass_on(damage);
  const Outcome<std::optional<Unit>> newest = newest_unit(damaged);
  if (!newest) return pass_on(newest);
  if (Outcome<void> is_ours = owned(*old_claims, newest->value_or(Unit{}), old_name); !is_ours) return pass_on(is_ours);

  if (Outcome<void> made = fresh.make(); !made) return pass_on(made);
  Outcome<std::optional<Claim>> claim = begun(fresh, options);
  if (!claim) return pass_on(claim);
  if (!*claim) {
    const Outcome<StreamEnd> end = find_end(fresh);
    if (!end) return pass_on(end);
    const Outcome<bool> done = begin_stream(fresh, options, end->sequence);
    if (!done) return pass_on(done);
    claim = begun(fresh, options);
    if (!claim) return pass_on(claim);
    if (!*claim) return fail(exit_usage, "ended before the new stream had begun");
  }
  // The new hold is there since before the first unit: only now may the old one go.
  for (const Claim& old : *old_claims) {
    if (Outcome<void> dropped = drop_claim(options.dir, old); !dropped) return pass_on(dropped);
  }
  return Reseeded{.damage = std::move(*damage), .store = (*claim)->store, .floor = (*claim)->txid};
}

}  // namespace datawal::ship
