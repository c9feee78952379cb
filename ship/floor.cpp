#include "ship/floor.hpp"

#include <algorithm>
#include <optional>

namespace datawal::ship {

namespace {

constexpr std::chrono::seconds one_second(1);

}  // namespace

void Floor::stands_at(const Claim& claim, std::uint64_t last, Clock::time_point since) {
  claim_ = claim;
  while (!acknowledged_.empty() && acknowledged_.back().last > last) acknowledged_.pop_back();
  if (acknowledged_.empty() || acknowledged_.back().last < last) {
    acknowledged_.push_back({.since = since, .until = since, .last = last});
  }
}

void Floor::acknowledge(std::uint64_t last, Clock::time_point now) {
  if (!acknowledged_.empty() && delay_.count() != 0 && now - acknowledged_.back().since < one_second) {
    acknowledged_.back().until = now;
    acknowledged_.back().last = last;
    return;
  }
  acknowledged_.push_back({.since = now, .until = now, .last = last});
}

bool Floor::is_due(Clock::time_point now) const noexcept {
  if (now - tried_ < one_second && delay_.count() != 0) return false;
  return std::ranges::any_of(
      acknowledged_, [&](const Acknowledged& one) { return is_over(one, now) && floor_below(one.last) > claim_.txid; });
}

Outcome<void> Floor::move(const std::filesystem::path& dir, Clock::time_point now) {
  if (now - tried_ < one_second && delay_.count() != 0) return {};
  std::optional<std::uint64_t> last;
  while (!acknowledged_.empty() && is_over(acknowledged_.front(), now)) {
    last = acknowledged_.front().last;
    acknowledged_.pop_front();
  }
  if (!last || floor_below(*last) <= claim_.txid) return {};
  tried_ = now;
  Outcome<void> set = set_claim(dir, claim_, floor_below(*last));
  if (set) {
    claim_.txid = floor_below(*last);
  } else {
    acknowledged_.push_front({.since = now - delay_, .until = now - delay_, .last = *last});
  }
  return set;
}

}  // namespace datawal::ship
