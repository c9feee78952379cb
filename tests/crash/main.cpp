// datawal_crash: every disk that a crash of the workloads may leave, and every bug of a list, caught.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "crash/explorer.hpp"
#include "crash/mutants.hpp"
#include "crash/outcomes.hpp"
#include "crash/workloads.hpp"

namespace datawal::crash {
namespace {

using Clock = std::chrono::steady_clock;

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

void explore_all(const Scenarios& scenarios, std::uint64_t seed, Tally& tally) {
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
    Explorer(tally, seen, {.seed = seed, .shard = unit.shard, .shards = unit.shards})
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
      std::cout << ", a choice of the outcomes at " << reduced->second << " points with more than " << combinations_max;
    }
    std::cout << '\n';
  }
}

void print_invariants(const Tally& tally) {
  for (std::size_t i = 0; i < invariant_count; ++i) {
    std::cout << "invariant " << std::left << std::setw(50) << name_of(static_cast<Invariant>(i)) << std::right
              << std::setw(6) << tally.violations_of[i] << " violations\n";
  }
  for (const Violation& violation : tally.violations) {
    std::cout << "VIOLATED: " << name_of(violation.invariant) << ": " << violation.text << "\n  ./dev crash --replay "
              << violation.id << '\n';
  }
}

int print_last_line(const Tally& tally, std::size_t caught, std::size_t mutants) {
  std::cout << "crash: " << tally.states.size() << " states explored, " << tally.violation_count << " violations, "
            << caught << '/' << mutants << " mutants caught\n";
  return tally.violation_count == 0 && caught == mutants ? 0 : 1;
}

/// @param only  the workloads whose names begin with it; then no mutants are hunted
int run(std::uint64_t seed, const std::string& only) {
  const auto begin = Clock::now();
  Scenarios scenarios = default_scenarios();
  std::erase_if(scenarios, [&](const std::unique_ptr<Scenario>& one) { return !one->name().starts_with(only); });
  Tally tally;
  explore_all(scenarios, seed, tally);
  print_states(scenarios, tally);
  const std::vector<Mutant> mutants = only.empty() ? all_mutants() : std::vector<Mutant>();
  const std::size_t caught = hunt_all(mutants, scenarios, seed);
  print_invariants(tally);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin).count();
  std::cout << "model arbitrary, seed " << seed << ", " << tally.recoveries << " recoveries, " << seconds << " s\n";
  return print_last_line(tally, caught, mutants.size());
}

/// Random workloads until the time is up.
int run_deep(std::uint64_t seed, std::chrono::minutes limit) {
  const auto end = Clock::now() + limit;
  Tally tally;
  std::atomic<std::uint64_t> workloads{0};
  in_parallel(1'000'000'000, [&](std::size_t at) {
    if (Clock::now() >= end || tally.violation_count != 0) return;
    const std::unique_ptr<Scenario> scenario = random_scenario(seed * 1'000'000'000 + at);
    SeenSet seen;
    for (const Plan& plan : Explorer(tally, seen, {.seed = seed}).plans(*scenario)) {
      if (Clock::now() >= end) return;
      Explorer(tally, seen, {.seed = seed}).explore(*scenario, plan);
    }
    ++workloads;
  });
  print_invariants(tally);
  std::cout << "seed " << seed << ", " << workloads << " random workloads, " << tally.recoveries << " recoveries\n";
  return print_last_line(tally, 0, 0);
}

int replay(const std::string& text) {
  const std::optional<ReplayId> id = parse_replay_id(text);
  const std::unique_ptr<Scenario> scenario = id ? scenario_named(id->scenario) : nullptr;
  if (!scenario) {
    std::cerr << "datawal_crash: there is no such state: " << text << '\n';
    return 2;
  }
  Tally tally;
  SeenSet seen;
  Explorer(tally, seen, {.replay = &*id}).explore(*scenario, id->plan);
  print_invariants(tally);
  return tally.violation_count == 0 ? 0 : 1;
}

int usage() {
  std::cerr << "usage: datawal_crash [--seed N] [--only PREFIX] [--deep [MINUTES]] [--replay ID]\n";
  return 2;
}

int main_of(const std::vector<std::string>& arguments) {
  std::uint64_t seed = 1;
  std::string only;
  std::optional<std::uint64_t> minutes;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size() && !arguments[i + 1].starts_with("-");
    if (arguments[i] == "--replay" && has_value) return replay(arguments[i + 1]);
    if (arguments[i] == "--seed" && has_value) {
      seed = std::strtoull(arguments[++i].c_str(), nullptr, 10);
    } else if (arguments[i] == "--only" && has_value) {
      only = arguments[++i];
    } else if (arguments[i] == "--deep") {
      minutes = has_value ? std::strtoull(arguments[++i].c_str(), nullptr, 10) : 60;
    } else {
      return usage();
    }
  }
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
