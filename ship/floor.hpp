#pragma once
// How far compaction and retention of a store may follow what was shipped.

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>

#include "ship/claim.hpp"
#include "ship/outcome.hpp"

namespace datawal::ship {

/// Moves the hold of a claim behind what the servers acknowledged, some time later: what was acknowledged is not therefore on their
/// disks. One thread.
class Floor {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Floor(std::chrono::seconds delay) : delay_(delay) {}

  /// The stream ends with `last`, and has since `since`. What was acknowledged beyond it is lost there, and counts no more.
  void stands_at(const Claim& claim, std::uint64_t last, Clock::time_point since);

  /// All up to `last` is in the stream.
  void acknowledge(std::uint64_t last, Clock::time_point now);

  /// Whether move() would.
  [[nodiscard]] bool is_due(Clock::time_point now) const noexcept;

  /// Moves the hold if it is time, at most once a second. Durable on return. @return the error of set_claim(): try again later
  [[nodiscard]] Outcome<void> move(const std::filesystem::path& dir, Clock::time_point now);

  [[nodiscard]] const Claim& claim() const noexcept { return claim_; }

 private:
  // What was acknowledged within a second, so that there are few of them.
  struct Acknowledged {
    Clock::time_point since{};
    Clock::time_point until{};
    std::uint64_t last = 0;
  };

  [[nodiscard]] bool is_over(const Acknowledged& one, Clock::time_point now) const noexcept {
    return now - one.until >= delay_;
  }

  const std::chrono::seconds delay_;
  Claim claim_;
  std::deque<Acknowledged> acknowledged_;
  Clock::time_point tried_{};
};

}  // namespace datawal::ship
