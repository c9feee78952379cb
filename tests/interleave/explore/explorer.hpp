#pragma once
// All schedules of a workload up to a number of deviations, one after the other: depth first, without keeping any state but the
// choices that led to it, and hashes of those that were seen.

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "interleave/explore/state_table.hpp"
#include "interleave/runtime/scheduler.hpp"

namespace datawal::interleave {

/// Depth first.
class DepthFirst final : public Strategy {
 public:
  explicit DepthFirst(int bound) : bound_(bound) {}

  /// Before each run. False when there is no further one.
  bool next();
  /// Once it turns out that switches matter in more places: from the beginning.
  void restart();

  std::size_t choose(const Question& question) override;
  [[nodiscard]] bool is_new() const override { return asked_ >= known_; }
  [[nodiscard]] std::size_t states() const noexcept { return seen_.size(); }

 private:
  struct Decision {
    std::uint32_t operation = 0;
    std::vector<Option> options;
    std::vector<std::uint8_t> costs;
    std::size_t at = 0;
    int used = 0;  ///< deviations before it
  };
  int bound_;
  std::vector<Decision> stack_;
  StateTable seen_;
  bool is_begun_ = false;
  std::size_t asked_ = 0;  ///< decisions of this run so far
  std::size_t known_ = 0;  ///< of them were taken in the run before too
  int used_ = 0;
};

/// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): random priorities, and `depth` instants at which the one that
/// goes on becomes the last. Loads take an old store, and threads wake for nothing, now and then.
class Random final : public Strategy {
 public:
  Random(std::uint64_t seed, int depth, std::uint32_t length);
  std::size_t choose(const Question& question) override;

 private:
  std::mt19937_64 random_;
  std::vector<std::uint32_t> changes_;
  std::uint64_t priorities_[max_threads] = {};
  std::uint64_t lowest_ = 1000;
};

/// What was chosen before.
class Replay final : public Strategy {
 public:
  explicit Replay(Schedule schedule) : schedule_(std::move(schedule)) {}
  std::size_t choose(const Question& question) override;
  [[nodiscard]] bool is_spent() const noexcept { return at_ == schedule_.size(); }

 private:
  Schedule schedule_;
  std::size_t at_ = 0;
};

struct Exploration {
  std::uint64_t schedules = 0;
  std::uint64_t left = 0;  ///< of them, early, in a known state
  std::uint64_t states = 0;
  std::uint64_t restarts = 0;
  std::size_t sites = 0;
  double seconds = 0;
  bool is_complete = false;
  std::string violation;
  Schedule schedule;  ///< that leads to it
};

struct ExploreOptions {
  int bound = 2;
  double seconds_max = 60;  ///< of the processor; explore_random(): of the wall's clock
  std::uint64_t seed = 1;
  bool is_weak = true;
};

/// Depth first, up to the bound.
[[nodiscard]] Exploration explore(Runner& runner, const ExploreOptions& options);
/// At random, until the time is up.
[[nodiscard]] Exploration explore_random(Runner& runner, const ExploreOptions& options);

}  // namespace datawal::interleave
