// datawal_crash: every disk that a crash of the workloads may leave, and every bug of a list, caught.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
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

/// One run of one scenario, or a part of it.
struct Unit {
  const Scenario* scenario;
  Plan plan;
  std::uint64_t shard;
};

void explore_all(const Scenarios& scenarios, std::uint64_t seed, Tally& tally) {
  SeenSet seen;
  constexpr std::uint64_t shards = 8;
  std::vector<Unit> units;
  for (const std::unique_ptr<Scenario>& scenario : scenarios) {
    for (const Plan& plan : Explorer(tally, seen, {.seed = seed}).plans(*scenario)) {
      const bool is_split = plan.kind == Plan::Kind::none;
      for (std::uint64_t shard = 0; shard < (is_split ? shards : 1); ++shard) {
        units.push_back({scenario.get(), plan, shard});
      }
    }
  }
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < units.size(); at = next++) {
        const Unit& unit = units[at];
        const bool is_split = unit.plan.kind == Plan::Kind::none;
        Explorer(tally, seen, {.seed = seed, .shard = unit.shard, .shards = is_split ? shards : 1})
            .explore(*unit.scenario, unit.plan);
      }
    });
  }
}

int replay(const std::string& text) {
  const std::optional<ReplayId> id = parse_replay_id(text);
  const Scenarios scenarios = default_scenarios();
  const auto found = std::ranges::find_if(
      scenarios, [&](const std::unique_ptr<Scenario>& one) { return id && one->name() == id->scenario; });
  if (found == scenarios.end()) {
    std::cerr << "datawal_crash: there is no such state: " << text << '\n';
    return 2;
  }
  Tally tally;
  SeenSet seen;
  Explorer(tally, seen, {.replay = &*id}).explore(**found, id->plan);
  for (const Violation& violation : tally.violations) {
    std::cout << "VIOLATED: " << name_of(violation.invariant) << ": " << violation.text << '\n';
  }
  return tally.violation_count == 0 ? 0 : 1;
}

/// How many mutants there are, and how many were caught.
struct Catch {
  std::size_t caught = 0;
  std::size_t all = 0;
};

Catch hunt_all(const Scenarios& scenarios, std::uint64_t seed) {
  Catch result;
  for (const Mutant& mutant : all_mutants()) {
    const std::optional<Violation> violation = hunt(mutant, scenarios, seed);
    ++result.all;
    if (violation) ++result.caught;
    const std::string_view by = violation ? name_of(violation->invariant) : std::string_view("NOTHING");
    std::cout << "mutant that " << mutant.name << ": caught by: " << by << '\n';
    if (violation) std::cout << "  " << violation->id << ": " << violation->text << '\n';
  }
  return result;
}

int run() {
  const auto begin = std::chrono::steady_clock::now();
  const Scenarios scenarios = default_scenarios();
  Tally tally;
  explore_all(scenarios, 1, tally);
  for (const std::unique_ptr<Scenario>& scenario : scenarios) {
    std::printf("%-20s %9llu states\n", scenario->name().c_str(),
                static_cast<unsigned long long>(tally.states_of[scenario->name()]));
  }
  for (const Violation& violation : tally.violations) {
    std::cout << "VIOLATED: " << name_of(violation.invariant) << ": " << violation.text << "\n  ./dev crash --replay "
              << violation.id << '\n';
  }
  const Catch caught = hunt_all(scenarios, 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu recoveries in %.0f s; %llu points had more than %llu outcomes\n",
              static_cast<unsigned long long>(tally.recoveries), took.count(),
              static_cast<unsigned long long>(tally.reduced), static_cast<unsigned long long>(combinations_max));
  std::printf("crash: %llu states explored, %llu violations, %zu/%zu mutants caught\n",
              static_cast<unsigned long long>(tally.states.size()),
              static_cast<unsigned long long>(tally.violation_count), caught.caught, caught.all);
  return tally.violation_count == 0 && caught.caught == caught.all ? 0 : 1;
}

}  // namespace
}  // namespace datawal::crash

int main(int argc, char** argv) {
  // Buffers of a quarter of a megabyte, made and freed a million times, must not go back to the system each time.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  if (argc == 3 && std::strcmp(argv[1], "--replay") == 0) return datawal::crash::replay(argv[2]);
  return datawal::crash::run();
}
