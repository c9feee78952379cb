#pragma once
// Runs a scenario again and again, and looks at every disk that a crash of it, or of its recovery, may leave.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "crash/scenario.hpp"

namespace datawal::crash {

/// A set that threads share.
class SeenSet {
 public:
  /// Whether it is new.
  bool insert(std::uint64_t value);
  [[nodiscard]] std::uint64_t size() const;

 private:
  struct Stripe {
    mutable std::mutex mutex;
    std::unordered_set<std::uint64_t> values;
  };
  std::array<Stripe, 64> stripes_;
};

/// What goes wrong in a run before the power may fail.
struct Plan {
  enum class Kind : std::uint8_t {
    none,
    kill,         ///< the process dies before the operation `ordinal`, or in it
    eio,          ///< the operation `ordinal` fails
    eio_dropped,  ///< a sync fails, and what it called clean is read from the disk from then on
    enospc,       ///< likewise, for want of room
    short_write,  ///< it does less than what it was asked for
    interrupted,  ///< it does nothing, since a signal came
  };
  Kind kind = Kind::none;
  std::uint64_t ordinal = 0;
  std::optional<std::uint64_t> bytes = {};  ///< how many the operation does before that: see safeatomic::sim::Injection
};

[[nodiscard]] std::string to_string(const Plan& plan);

/// One loss of power: before which operation, and what landed.
struct Loss {
  std::uint64_t ordinal = 0;
  safeatomic::sim::Choice choice;
};

/// A state that can be looked at again: scenario, plan, losses.
struct ReplayId {
  std::string scenario;
  Plan plan;
  std::vector<Loss> losses;
};

[[nodiscard]] std::string to_string(const ReplayId& id);
[[nodiscard]] std::optional<ReplayId> parse_replay_id(const std::string& text);

/// Puts something between the scenarios and a machine.
using Wrap = std::function<std::unique_ptr<safeatomic::FileSystem>(safeatomic::sim::SimFileSystem&)>;

struct Violation {
  Invariant invariant;
  std::string id;
  std::string text;
};

/// What several explorers add up. Any thread.
struct Tally {
  SeenSet states;                            ///< disks, whatever led to them
  std::atomic<std::uint64_t> recoveries{0};  ///< that were run and checked
  std::atomic<std::uint64_t> violation_count{0};
  std::atomic<std::uint64_t> refusals{0};  ///< with garbage: stores that were not opened, and nothing of them changed
  std::mutex mutex;
  std::vector<Violation> violations{};  ///< at most violations_max of them are kept
  std::array<std::uint64_t, invariant_count> violations_of{};
  std::map<std::string, std::uint64_t> states_of{};   ///< new ones by scenario
  std::map<std::string, std::uint64_t> reduced_of{};  ///< points with more outcomes than were looked at, by scenario
};

inline constexpr std::size_t violations_max = 20;

struct ExplorerOptions {
  Wrap wrap{};                                                               ///< null: nothing in between
  safeatomic::sim::LossModel model = safeatomic::sim::LossModel::arbitrary;  ///< what a loss of power may leave
  bool garbage = false;                                                      ///< see safeatomic::sim::LossOptions
  int depth = 2;                                                             ///< losses of power in a row
  std::uint64_t combinations_max = 1U << 12;                                 ///< see safeatomic::sim::OutcomeOptions
  std::uint64_t seed = 1;
  std::uint64_t shard = 0;  ///< of the first loss's outcomes, this explorer looks at one in `shards`
  std::uint64_t shards = 1;
  bool stops_at_violation = false;
  const ReplayId* replay = nullptr;  ///< only this, and say what happens
};

/// One thread.
class Explorer {
 public:
  Explorer(Tally& tally, SeenSet& seen, ExplorerOptions options)
      : tally_(tally), seen_(seen), options_(std::move(options)) {}

  /// Runs `scenario` with `plan`; behind a kill or a fault, also the next process.
  void explore(const Scenario& scenario, const Plan& plan);

  /// The plans worth running: a kill between any two changes, and each fault at every operation to which it means something.
  [[nodiscard]] std::vector<Plan> plans(const Scenario& scenario);

 private:
  struct Level;
  void checkpoint(Level& level, std::uint64_t ordinal);
  void follow(Level& level, const Loss& loss, const safeatomic::sim::DiskImage& disk);
  void run_recovery(Level& level);
  [[nodiscard]] World world_of(Level& level);
  void check_leaks(Level& level);
  void report(const Level& level, Invariant invariant, const std::string& text);

  Tally& tally_;
  SeenSet& seen_;
  ExplorerOptions options_;
  ReplayId path_;  // of what is running
  bool is_stopped_ = false;
};

}  // namespace datawal::crash
