#include "crash/store_scenario.hpp"

#include <cstdlib>
#include <iostream>

namespace datawal::crash {

void StoreScenario::prepare() {
  if (workload_.prepared.empty()) return;
  safeatomic::sim::SimFileSystem machine;
  World world{.machine = machine, .file_system = machine, .violated = [this](Invariant, const std::string& text) {
                std::cerr << workload_.name << " cannot be prepared: " << text << '\n';
                std::exit(2);
              }};
  const std::string script = std::exchange(workload_.script, workload_.prepared);
  work(world);
  workload_.script = script;
  start_ = machine.shut_down();
}

OpenOptions StoreScenario::options(World& world) const {
  return {.max_segment_bytes = workload_.max_segment_bytes,
          .write_path = workload_.write_path,
          .sync_policy = workload_.sync_policy,
          .file_system = &world.file_system};
}

void StoreScenario::work(World& world) {
  std::vector<Step> steps = parse_script(workload_.script);
  steps.insert(steps.begin(), Step{.what = 'o'});
  steps.push_back({.what = 'c'});
  for (const Step& step : steps) {
    for (int attempt = 1; attempt <= 2; ++attempt) {
      Result<void> done;
      if (step.what == 'o') {
        done = is_open() ? Result<void>() : open(world);
      } else if (!is_open()) {
        break;
      } else {
        done = step.what == 'c' ? close(world) : this->step(world, step);
      }
      if (world.is_dead) break;
      if (done) break;
      judge(world, step, done.error());
      if (done.error().code == Errc::poisoned || step.what == 'c') break;  // otherwise the next try must succeed
    }
    if (world.is_dead || (is_open() && is_poisoned())) break;
  }
  drop(world);
}

void StoreScenario::judge(World& world, const Step& step, const Error& error) {
  const std::string text = std::string("step ") + step.what + ": " + error.message();
  if (!world.is_faulty) {
    world.violated(Invariant::error_is_documented, text + ", without a fault");
    return;
  }
  const bool is_known = error.code == Errc::io || error.code == Errc::no_space || error.code == Errc::poisoned;
  if (!is_known) world.violated(Invariant::error_is_documented, text);
  if (error.code == Errc::poisoned && is_open() && !is_poisoned()) {
    world.violated(Invariant::error_is_documented, text + ", but is_poisoned() says no");
  }
  // There was but one fault: after it only what is poisoned fails.
  if (has_failed_ && error.code != Errc::poisoned) world.violated(Invariant::error_is_documented, text + ", again");
  has_failed_ = true;
}

}  // namespace datawal::crash
