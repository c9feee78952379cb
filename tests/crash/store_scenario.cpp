#include "crash/store_scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <safeatomic/directories.hpp>
#include <safeatomic/io.hpp>

namespace datawal::crash {

namespace {

using safeatomic::sim::Choice;
using safeatomic::sim::PowerLoss;
using safeatomic::sim::Undecided;

/// Every second sector has landed, and everything else.
Choice torn_choice(const PowerLoss& loss) {
  Choice choice;
  for (const Undecided& one : loss.undecided()) {
    const bool is_missing = one.kind == Undecided::Kind::sector && one.offset / safeatomic::sim::sector_bytes % 2 == 1;
    choice.push_back(is_missing ? 0 : one.options - 1);
  }
  return choice;
}

}  // namespace

void StoreScenario::prepare() {
  if (workload_.prepared.empty()) return;
  safeatomic::sim::SimFileSystem machine;
  World world{.machine = machine, .file_system = machine, .violated = [this](Invariant, const std::string& text) {
                std::cerr << workload_.name << " cannot be prepared: " << text << '\n';
                std::exit(2);
              }};
  const std::string script = std::exchange(workload_.script, workload_.prepared);
  is_preparing_ = true;
  work(world);
  start_ = machine.shut_down();
  if (!workload_.torn.empty()) {
    workload_.script = workload_.torn;
    const Notes before = notes_;
    std::size_t most = 0;
    machine.set_hook([&](const safeatomic::sim::Operation&) {
      const PowerLoss loss(machine);
      if (loss.undecided().size() >= most && loss.undecided().size() != 0) start_ = loss.outcome(torn_choice(loss));
      most = std::max(most, loss.undecided().size());
      return safeatomic::sim::Fault::none;
    });
    work(world);
    notes_.lose_what_came_after(before);
  }
  workload_.script = script;
  is_preparing_ = false;
}

Result<void> StoreScenario::open_and_compare(World& world) {
  torn_tails_.expect(world.machine, directory(), notes_.power_lost());
  if (Result<void> opened = open(world); !opened || world.is_dead) return opened;
  Result<std::vector<Record>> records = scan();
  if (!records && world.is_faulty) {  // reading failed once, and that says nothing about the bytes
    judge(world, {.what = 'g'}, records.error());
    records = scan();
  }
  if (!records) return propagate(records);
  notes_.found(*records, world);
  held_.check(directory(), *records, world);
  torn_tails_.check(directory(), world);
  check_more(world);
  return {};
}

Result<void> StoreScenario::note_what_is_there(World& world) {
  const Result<std::vector<Record>> records = scan();
  if (!records) return propagate(records);
  if (!world.is_dead) held_.there_are(*records);
  return {};
}

OpenOptions StoreScenario::options(World& world) const {
  return {.max_segment_bytes = workload_.max_segment_bytes,
          .write_path = workload_.write_path,
          .sync_policy = workload_.syncs_every_append ? SyncPolicy::every_append() : SyncPolicy::manual(),
          .index = {.is_enabled = workload_.has_index,
                    .least_records = 0,
                    .writes_in_background = false,
                    .loads_in_background = false,
                    .memory_limit = workload_.index_memory_limit},
          .state = {.is_enabled = has_state(), .write_at_close = workload_.state == StateUse::always, .least_bytes = 1},
          .file_system = &world.file_system};
}

bool StoreScenario::copy_store(World& world) {
  const std::string target = workload_.directory + "/copy";
  const auto to = safeatomic::make_directories(world.machine, target, 0700);
  if (!to) return false;
  for (const std::string& name : world.machine.peek_names(workload_.directory)) {
    const std::optional<std::string> content = world.machine.peek(workload_.directory + "/" + name);
    if (!content || name.starts_with('.')) continue;
    const auto file = (*to)->open_file(name, {.write = true, .create = true});
    if (!file || !safeatomic::write_all(**file, 0, *content)) return false;
  }
  workload_.directory = target;
  return !world.is_dead;
}

void StoreScenario::work(World& world) {
  if (workload_.is_copied && !is_preparing_) {
    is_begun_ = false;
    is_abandoned_ = !copy_store(world);
    if (is_abandoned_) return;
  }
  std::vector<Step> steps = parse_script(workload_.script);
  steps.insert(steps.begin(), Step{.what = 'o'});
  steps.push_back({.what = 'c'});
  for (const Step& step : steps) {
    for (int attempt = 1; attempt <= 2; ++attempt) {
      Result<void> done;
      if (step.what == 'o') {
        done = is_open() ? Result<void>() : open_and_compare(world);
      } else if (!is_open()) {
        break;
      } else {
        done = step.what == 'c' ? close(world) : this->step(world, step);
      }
      if (world.is_dead) break;
      if (step.what == 'o' && done) is_begun_ = true;
      if (done) break;
      judge(world, step, done.error());
      if (!is_begun_) {  // DURABILITY.md, "The copied store on a failing disk": nothing is promised any more
        is_abandoned_ = true;
        return;
      }
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
