// datawal_crash: every disk that a crash of the workloads may leave, and every bug of a list, caught.

#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "crash/explorer.hpp"
#include "crash/mutants.hpp"
#include "crash/workloads.hpp"

namespace datawal::crash {
namespace {

using Clock = std::chrono::steady_clock;
using safeatomic::sim::LossModel;

/// Calls `work(i)` for 0 .. count - 1, on as many threads as there are processors.
template <class Work>
void in_parallel(std::size_t count, Work work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < count; at = next++) work(at);
    });
  }
}

/// One run of one scenario, or a part of it.
struct Unit {
  const Scenario* scenario = nullptr;
  Plan plan;
  std::uint64_t shard = 0;
  std::uint64_t shards = 1;
};

constexpr std::string_view name_of(LossModel model) noexcept {
  switch (model) {
    case LossModel::arbitrary: return "arbitrary";
    case LossModel::ordered: return "ordered";
    case LossModel::prefix: return "prefix";
  }
  std::unreachable();
}

void explore_all(const Scenarios& scenarios, LossModel model, std::uint64_t seed, Tally& tally, bool garbage = false) {
  SeenSet seen;
  constexpr std::uint64_t shards = 8;
  std::vector<Unit> units;
  for (const std::unique_ptr<Scenario>& scenario : scenarios) {
    for (const Plan& plan : Explorer(tally, seen, {.seed = seed}).plans(*scenario)) {
      const std::uint64_t parts = plan.kind == Plan::Kind::none ? shards : 1;
      for (std::uint64_t shard = 0; shard < parts; ++shard) units.push_back({scenario.get(), plan, shard, parts});
    }
  }
  in_parallel(units.size(), [&](std::size_t at) {
    const Unit& unit = units[at];
    Explorer(tally, seen,
             {.model = model, .garbage = garbage, .seed = seed, .shard = unit.shard, .shards = unit.shards})
        .explore(*unit.scenario, unit.plan);
  });
}

/// How many mutants were caught.
std::size_t hunt_all(const std::vector<Mutant>& mutants, const Scenarios& scenarios, std::uint64_t seed) {
  std::vector<std::optional<Violation>> found(mutants.size());
  in_parallel(mutants.size(), [&](std::size_t at) { found[at] = hunt(mutants[at], scenarios, seed); });
  std::size_t caught = 0;
  for (std::size_t i = 0; i < mutants.size(); ++i) {
    if (found[i]) ++caught;
    std::cout << "mutant " << std::left << std::setw(54) << mutants[i].name << (found[i] ? "caught: " : "NOT CAUGHT")
              << (found[i] ? name_of(found[i]->invariant) : "") << '\n';
  }
  return caught;
}

void print_states(const Scenarios& scenarios, const Tally& tally) {
  for (const std::unique_ptr<Scenario>& scenario : scenarios) {
    const auto states = tally.states_of.find(scenario->name());
    const auto reduced = tally.reduced_of.find(scenario->name());
    std::cout << "workload " << std::left << std::setw(26) << scenario->name() << std::right << std::setw(9)
              << (states == tally.states_of.end() ? 0 : states->second) << " states";
    if (reduced != tally.reduced_of.end()) {
      std::cout << ", a choice of the outcomes at " << reduced->second << " points with more than "
                << ExplorerOptions().combinations_max;
    }
    std::cout << '\n';
  }
}

void print_model(LossModel model, std::size_t workloads, const Tally& tally) {
  std::cout << "model " << std::left << std::setw(10) << name_of(model) << std::right << std::setw(9)
            << tally.states.size() << " states of " << workloads << " workloads, " << tally.recoveries
            << " recoveries, " << tally.violation_count << " violations\n";
}

void print_invariants(const Tally& tally, std::string_view options = {}) {
  for (std::size_t i = 0; i < invariant_count; ++i) {
    std::cout << "invariant " << std::left << std::setw(50) << name_of(static_cast<Invariant>(i)) << std::right
              << std::setw(6) << tally.violations_of[i] << " violations\n";
  }
  for (const Violation& violation : tally.violations) {
    std::cout << "VIOLATED: " << name_of(violation.invariant) << ": " << violation.text << "\n  ./dev crash " << options
              << "--replay " << violation.id << '\n';
  }
}

bool is_small(const Scenario& scenario) {
  return scenario.name().find("_long") == std::string::npos && scenario.name().find("memory") == std::string::npos;
}

/// Nothing of these two models is unknown to `arbitrary`; but what is a choice there may be whole here.
/// @return violations
std::uint64_t explore_narrow(const Scenarios& scenarios, std::uint64_t seed) {
  std::uint64_t violations = 0;
  for (const LossModel model : {LossModel::ordered, LossModel::prefix}) {
    Scenarios some;
    for (const std::unique_ptr<Scenario>& scenario : scenarios) {
      if (model == LossModel::prefix || is_small(*scenario)) some.push_back(scenario->clone());
    }
    Tally tally;
    explore_all(some, model, seed, tally);
    print_model(model, some.size(), tally);
    if (tally.violation_count != 0) print_invariants(tally);
    violations += tally.violation_count;
  }
  return violations;
}

int print_last_line(const Tally& tally, std::uint64_t violations, std::size_t caught, std::size_t mutants) {
  std::cout << "crash: " << tally.states.size() << " states explored, " << violations << " violations, " << caught
            << '/' << mutants << " mutants caught\n";
  return violations == 0 && caught == mutants ? 0 : 1;
}

/// @param only  the workloads whose names begin with it; then no mutants are hunted
int run(std::uint64_t seed, const std::string& only) {
  const auto begin = Clock::now();
  Scenarios scenarios = default_scenarios();
  std::erase_if(scenarios, [&](const std::unique_ptr<Scenario>& one) { return !one->name().starts_with(only); });
  Tally tally;
  explore_all(scenarios, LossModel::arbitrary, seed, tally);
  print_states(scenarios, tally);
  const std::vector<Mutant> mutants = only.empty() ? all_mutants() : std::vector<Mutant>();
  const std::size_t caught = hunt_all(mutants, scenarios, seed);
  print_invariants(tally);
  print_model(LossModel::arbitrary, scenarios.size(), tally);
  const std::uint64_t violations = tally.violation_count + explore_narrow(scenarios, seed);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin).count();
  std::cout << "seed " << seed << ", " << seconds << " s; the states of the model arbitrary:\n";
  return print_last_line(tally, violations, caught, mutants.size());
}

/// Free space holds what removed files have left: what DURABILITY.md says of ext4 with `data=writeback`.
int run_garbage(std::uint64_t seed, const std::string& only) {
  Scenarios scenarios = default_scenarios();
  std::erase_if(scenarios, [&](const std::unique_ptr<Scenario>& one) {
    return !is_small(*one) || !one->name().starts_with(only);
  });
  Tally tally;
  explore_all(scenarios, LossModel::arbitrary, seed, tally, true);
  print_states(scenarios, tally);
  print_invariants(tally, "--garbage ");
  print_model(LossModel::arbitrary, scenarios.size(), tally);
  std::cout << tally.refusals << " refusals as corruption, of which nothing was changed\n";
  return print_last_line(tally, tally.violation_count, 0, 0);
}

constexpr std::array all_models = {LossModel::arbitrary, LossModel::ordered, LossModel::prefix};

/// Random workloads until the time is up, each by every model.
int run_deep(std::uint64_t seed, std::chrono::minutes limit) {
  const auto end = Clock::now() + limit;
  std::array<Tally, all_models.size()> tallies;
  std::atomic<std::size_t> workloads{0};
  const auto violations = [&] {
    return std::accumulate(tallies.begin(), tallies.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Tally& tally) { return sum + tally.violation_count; });
  };
  in_parallel(1'000'000'000, [&](std::size_t at) {
    if (Clock::now() >= end || violations() != 0) return;
    const std::unique_ptr<Scenario> scenario = random_scenario(seed * 1'000'000'000 + at);
    for (std::size_t i = all_models.size(); i-- > 0;) {  // the quick ones first
      SeenSet seen;
      const ExplorerOptions options{.model = all_models.at(i), .seed = seed};
      for (const Plan& plan : Explorer(tallies.at(i), seen, options).plans(*scenario)) {
        if (Clock::now() >= end) return;
        Explorer(tallies.at(i), seen, options).explore(*scenario, plan);
      }
    }
    ++workloads;
  });
  for (std::size_t i = 0; i < all_models.size(); ++i) {
    print_model(all_models.at(i), workloads, tallies.at(i));
    if (i == 0 || tallies.at(i).violation_count != 0) print_invariants(tallies.at(i));
  }
  std::cout << "seed " << seed << ", " << workloads
            << " random workloads to their end; the states of the model arbitrary:\n";
  return print_last_line(tallies.front(), violations(), 0, 0);
}

int replay(const std::string& text, bool garbage) {
  const std::optional<ReplayId> id = parse_replay_id(text);
  const std::unique_ptr<Scenario> scenario = id ? scenario_named(id->scenario) : nullptr;
  if (!scenario) {
    std::cerr << "datawal_crash: there is no such state: " << text << '\n';
    return 2;
  }
  Tally tally;
  SeenSet seen;
  Explorer(tally, seen, {.garbage = garbage, .replay = &*id}).explore(*scenario, id->plan);
  print_invariants(tally);
  return tally.violation_count == 0 ? 0 : 1;
}

int usage() {
  std::cerr << "usage: datawal_crash [--seed N] [--only PREFIX] [--garbage] [--deep [MINUTES]] [--replay ID]\n";
  return 2;
}

int main_of(const std::vector<std::string>& arguments) {
  std::uint64_t seed = 1;
  std::string only;
  std::optional<std::uint64_t> minutes;
  bool is_garbage = false;
  std::string replayed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size() && !arguments[i + 1].starts_with("-");
    if (arguments[i] == "--replay" && has_value) {
      replayed = arguments[++i];
    } else if (arguments[i] == "--seed" && has_value) {
      seed = std::strtoull(arguments[++i].c_str(), nullptr, 10);
    } else if (arguments[i] == "--garbage") {
      is_garbage = true;
    } else if (arguments[i] == "--only" && has_value) {
      only = arguments[++i];
    } else if (arguments[i] == "--deep") {
      minutes = has_value ? std::strtoull(arguments[++i].c_str(), nullptr, 10) : 60;
    } else {
      return usage();
    }
  }
  if (!replayed.empty()) return replay(replayed, is_garbage);
  if (is_garbage) return run_garbage(seed, only);
  return minutes ? run_deep(seed, std::chrono::minutes(*minutes)) : run(seed, only);
}

}  // namespace
}  // namespace datawal::crash

int main(int argc, char** argv) {
  // Buffers of a quarter of a megabyte, made and freed a million times, must not go back to the system each time.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  return datawal::crash::main_of({argv + 1, argv + argc});
}
