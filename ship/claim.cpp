#include "ship/claim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include <datawal/holds.hpp>

namespace datawal::ship {

namespace {

constexpr std::size_t id_digits = 16;

std::string random_id() {
  std::random_device device;
  std::uint64_t id = 0;
  for (int n = 0; n < 2; ++n) id = id << 32 | device();
  return fmt::format("{:016x}", id);
}

}  // namespace

bool is_stream_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= max_stream_name_len && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Claim new_claim(const std::string& stream, std::string store) {
  return {.stream = stream, .store = store.empty() ? random_id() : std::move(store), .owner = random_id()};
}

Outcome<std::vector<Claim>> claims_of(const std::filesystem::path& dir, const std::string& stream) {
  const Result<std::vector<Hold>> holds = holds_of(dir);
  if (!holds) return fail(holds.error());
  const std::string prefix = "ship." + stream + '.';
  std::vector<Claim> claims;
  for (const Hold& hold : *holds) {
    const bool is_ours = hold.name.starts_with(prefix) && hold.name.size() == prefix.size() + 2 * id_digits + 1;
    if (!is_ours) continue;
    const std::string ids = hold.name.substr(prefix.size());
    claims.push_back(
        {.stream = stream, .store = ids.substr(0, id_digits), .owner = ids.substr(id_digits + 1), .txid = hold.txid});
  }
  return claims;
}

Outcome<void> set_claim(const std::filesystem::path& dir, const Claim& claim, std::uint64_t txid) {
  const Result<void> done = hold_from(dir, claim.hold_name(), txid);
  if (!done) return fail(done.error());
  return {};
}

Outcome<void> drop_claim(const std::filesystem::path& dir, const Claim& claim) {
  const Result<bool> done = drop_hold(dir, claim.hold_name());
  if (!done) return fail(done.error());
  return {};
}

Outcome<Claim> claim_for(const std::filesystem::path& dir, const std::string& stream, const Head& head) {
  Outcome<std::vector<Claim>> claims = claims_of(dir, stream);
  if (!claims) return pass_on(claims);
  const auto mine = std::ranges::find(*claims, head.owner, &Claim::owner);
  if (mine != claims->end() && mine->store == head.store) return std::move(*mine);
  const bool has_shipped = std::ranges::any_of(*claims, [&](const Claim& claim) { return claim.store == head.store; });
  if (has_shipped) {
    return fail(
        exit_not_owner,
        fmt::format("another store has taken over the stream {} (epoch {}): this one ships no more. Its own "
                    "records that were not shipped are not in the stream. Only if this one was to take over, and "
                    "was cut short: `datawal-ship takeover` again",
                    stream, head.epoch));
  }
  return fail(
      exit_other_history,
      fmt::format("this store has never shipped into the stream {}, which is not empty: `datawal-ship takeover` lets a "
                  "store ship that was rebuilt from it",
                  stream));
}

}  // namespace datawal::ship
