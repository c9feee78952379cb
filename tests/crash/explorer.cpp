#include "crash/explorer.hpp"

#include <algorithm>
#include <iostream>
#include <set>

#include <safeatomic/temporary.hpp>

namespace datawal::crash {

using safeatomic::sim::Choice;
using safeatomic::sim::DiskImage;
using safeatomic::sim::Fault;
using safeatomic::sim::Injection;
using safeatomic::sim::Operation;
using safeatomic::sim::OpKind;
using safeatomic::sim::PowerLoss;
using safeatomic::sim::SimFileSystem;

bool SeenSet::insert(std::uint64_t value) {
  Stripe& stripe = stripes_[value >> 58];
  const std::scoped_lock guard(stripe.mutex);
  return stripe.values.insert(value).second;
}

std::uint64_t SeenSet::size() const {
  std::uint64_t sum = 0;
  for (const Stripe& stripe : stripes_) {
    const std::scoped_lock guard(stripe.mutex);
    sum += stripe.values.size();
  }
  return sum;
}

/// One machine, and the scenario that runs on it.
struct Explorer::Level {
  explicit Level(const DiskImage& disk) : machine(disk) {}

  SimFileSystem machine;
  std::unique_ptr<safeatomic::FileSystem> wrapped{};
  Scenario* scenario = nullptr;
  int losses_left = 0;
  bool is_watched = true;  // losses of power are looked at
  bool is_replayed = false;
  std::uint64_t seen_changes = 0;
  std::uint64_t seen_notes = 0;
  bool has_checkpoint = false;
};

namespace {

// Contents of the others are left out, since nothing reads them.
bool is_seen(std::string_view name) { return name != ".lock" && !safeatomic::target_of_temporary(name); }

constexpr std::uint64_t page_bytes = 4096;

/// Where a kill may cut a write or a store into a mapping: at the end of any page; of a store in its middle, and before its last byte.
std::set<std::uint64_t> cuts_of(const Operation& op) {
  std::set<std::uint64_t> cuts;
  for (std::uint64_t end = (op.offset / page_bytes + 1) * page_bytes; end < op.offset + op.size; end += page_bytes) {
    cuts.insert(end - op.offset);
  }
  if (op.kind == OpKind::map_write && op.size > 1) cuts.insert({op.size / 2, op.size - 1});
  return cuts;
}

/// How much a write or read does that does less: hardly anything, half, up to the end of a page, nearly all.
std::set<std::uint64_t> shortenings_of(const Operation& op) {
  std::set<std::uint64_t> all;
  for (const std::uint64_t bytes : {std::uint64_t{1}, op.size / 2, page_bytes - op.offset % page_bytes, op.size - 1}) {
    if (bytes > 0 && bytes < op.size) all.insert(bytes);
  }
  return all;
}

bool can_lack_room(OpKind kind) {
  return kind == OpKind::open_file || kind == OpKind::make_directory || kind == OpKind::link ||
         kind == OpKind::rename || kind == OpKind::write || kind == OpKind::truncate || kind == OpKind::reserve ||
         kind == OpKind::sync_data || kind == OpKind::sync_all || kind == OpKind::sync_directory;
}

Fault fault_of(Plan::Kind kind) {
  switch (kind) {
    case Plan::Kind::none: return Fault::none;
    case Plan::Kind::kill: return Fault::process_kill;
    case Plan::Kind::eio: return Fault::eio;
    case Plan::Kind::eio_dropped: return Fault::eio_dropped;
    case Plan::Kind::enospc: return Fault::enospc;
    case Plan::Kind::short_write: return Fault::short_write;
    case Plan::Kind::interrupted: return Fault::interrupted;
  }
  return Fault::none;
}

}  // namespace

World Explorer::world_of(Level& level) {
  return {.machine = level.machine,
          .file_system = level.wrapped ? *level.wrapped : static_cast<safeatomic::FileSystem&>(level.machine),
          .violated = [this, &level](Invariant invariant, const std::string& text) { report(level, invariant, text); },
          .is_last = level.losses_left == 0};
}

void Explorer::explore(const Scenario& prototype, const Plan& plan) {
  const std::unique_ptr<Scenario> scenario = prototype.clone();
  Level level(scenario->start());
  if (options_.wrap) level.wrapped = options_.wrap(level.machine);
  level.scenario = scenario.get();
  const int losses = std::min(options_.depth, scenario->losses_max());
  level.losses_left = plan.kind == Plan::Kind::none ? losses : std::max(1, losses - 1);
  level.is_watched = plan.kind != Plan::Kind::kill;
  level.is_replayed = options_.replay != nullptr;
  path_ = {.scenario = scenario->name(), .plan = plan, .losses = {}};
  World world = world_of(level);
  bool is_past = plan.kind == Plan::Kind::none;
  level.machine.set_hook([&](const Operation& op) {
    if (level.is_replayed) std::cout << "  " << op.ordinal << "  " << describe(op) << '\n';
    if (!is_past && op.ordinal == plan.ordinal) {
      is_past = true;
      world.is_dead = plan.kind == Plan::Kind::kill;
      world.is_faulty = !world.is_dead;
      if (plan.kind == Plan::Kind::eio_dropped) scenario->lose_power();  // what was not synced may be gone at once
      return Injection{fault_of(plan.kind), plan.bytes};
    }
    // What comes before the fault is looked at in the run without one.
    if (is_past && !world.is_dead) checkpoint(level, op.ordinal);
    return Injection();
  });
  scenario->work(world);
  if (!world.is_dead) checkpoint(level, level.machine.ordinal() + 1);
  if (plan.kind == Plan::Kind::none) {
    check_leaks(level);
    return;
  }
  level.machine.process_kill();
  level.machine.start_process();
  check_leaks(level);
  if (plan.kind == Plan::Kind::eio_dropped) {  // that costs what a loss of power costs
    level.machine.drop_caches();
    scenario->lose_power();
  }
  level.is_watched = true;
  run_recovery(level);
}

void Explorer::run_recovery(Level& level) {
  tally_.recoveries.fetch_add(1, std::memory_order_relaxed);
  World world = world_of(level);
  if (level.is_replayed || level.losses_left > 0) {
    level.machine.set_hook([&](const Operation& op) {
      if (level.is_replayed) std::cout << "  " << op.ordinal << "  " << describe(op) << '\n';
      if (level.losses_left > 0) checkpoint(level, op.ordinal);
      return Fault::none;
    });
  }
  level.scenario->recover(world);
  if (level.losses_left > 0) checkpoint(level, level.machine.ordinal() + 1);
  check_leaks(level);
}

void Explorer::check_leaks(Level& level) {
  const safeatomic::sim::Usage usage = level.machine.usage();
  if (usage.files + usage.directories + usage.mappings + usage.locks != 0) {
    report(level, Invariant::nothing_leaks,
           std::to_string(usage.files) + " files, " + std::to_string(usage.directories) + " directories, " +
               std::to_string(usage.mappings) + " mappings, " + std::to_string(usage.locks) + " locks");
  }
  if (usage.bus_errors != 0) report(level, Invariant::no_bus_error, std::to_string(usage.bus_errors) + " stores");
}

void Explorer::checkpoint(Level& level, std::uint64_t ordinal) {
  if (!level.is_watched || level.losses_left == 0 || is_stopped_ || !level.scenario->is_watched()) return;
  const std::uint64_t changes = level.machine.change_count();
  const std::uint64_t notes = level.scenario->notes_hash();
  if (level.has_checkpoint && changes == level.seen_changes && notes == level.seen_notes && !level.is_replayed) return;
  level.has_checkpoint = true;
  level.seen_changes = changes;
  level.seen_notes = notes;

  const PowerLoss loss(level.machine, {.garbage = options_.garbage});
  if (level.is_replayed) {
    const std::size_t step = path_.losses.size();
    if (step >= options_.replay->losses.size()) return;
    const Loss& wanted = options_.replay->losses[step];
    if (wanted.ordinal != ordinal || wanted.choice.size() != loss.undecided().size()) return;
    std::cout << "  the power fails; on the disk is:\n";
    follow(level, wanted, loss.outcome(wanted.choice));
    is_stopped_ = true;
    return;
  }
  const bool is_first = path_.losses.empty();
  const safeatomic::sim::OutcomeOptions outcomes{.model = options_.model,
                                                 .combinations_max = options_.combinations_max,
                                                 .seed = mixed(options_.seed, ordinal),
                                                 .is_seen = is_seen,
                                                 .sees_attributes = false};
  const bool is_reduced = for_each_outcome(loss, outcomes, [&](const Choice& choice) {
    if (is_stopped_) return;
    const DiskImage disk = loss.outcome(choice);
    if (is_first && disk.hash() % options_.shards != options_.shard) return;
    const std::uint64_t key = mixed(mixed(disk.hash(), notes), static_cast<std::uint64_t>(level.losses_left));
    if (!seen_.insert(key)) return;
    follow(level, {ordinal, choice}, disk);
  });
  if (is_reduced && options_.shard == 0) {
    const std::scoped_lock guard(tally_.mutex);
    ++tally_.reduced_of[level.scenario->name()];
  }
}

void Explorer::follow(Level& level, const Loss& loss, const DiskImage& disk) {
  if (tally_.states.insert(disk.hash())) {
    const std::scoped_lock guard(tally_.mutex);
    ++tally_.states_of[level.scenario->name()];
  }
  path_.losses.push_back(loss);
  {
    const std::unique_ptr<Scenario> scenario = level.scenario->clone();
    scenario->lose_power();
    Level next(disk);
    if (options_.wrap) next.wrapped = options_.wrap(next.machine);
    next.scenario = scenario.get();
    next.losses_left = level.losses_left - 1;
    next.is_replayed = level.is_replayed;
    run_recovery(next);
  }
  path_.losses.pop_back();
}

void Explorer::report(const Level&, Invariant invariant, const std::string& text) {
  // Stale bytes in the place of a record look like damage: that open and readers refuse it, is what DURABILITY.md says.
  const bool is_refusal = text.find("nothing was changed: run `datawal verify") != std::string::npos;
  if (options_.garbage && is_refusal) {
    ++tally_.refusals;
    return;
  }
  if (options_.stops_at_violation) is_stopped_ = true;
  const std::scoped_lock guard(tally_.mutex);
  ++tally_.violation_count;
  ++tally_.violations_of[static_cast<std::size_t>(invariant)];
  if (tally_.violations.size() < violations_max) tally_.violations.push_back({invariant, to_string(path_), text});
}

std::vector<Plan> Explorer::plans(const Scenario& prototype) {
  std::vector<Plan> all = {{}};
  const std::unique_ptr<Scenario> scenario = prototype.clone();
  SimFileSystem machine(scenario->start());
  const std::unique_ptr<safeatomic::FileSystem> wrapped = options_.wrap ? options_.wrap(machine) : nullptr;
  std::uint64_t changes = 0;
  machine.set_hook([&](const Operation& op) {
    if (machine.change_count() != changes || op.kind == OpKind::sync_data) {
      all.push_back({Plan::Kind::kill, op.ordinal});
      changes = machine.change_count();
    }
    if (op.kind == OpKind::write || op.kind == OpKind::map_write) {
      for (const std::uint64_t bytes : cuts_of(op)) all.push_back({Plan::Kind::kill, op.ordinal, bytes});
    }
    if (op.kind != OpKind::map_write) all.push_back({Plan::Kind::eio, op.ordinal});
    if (op.kind == OpKind::sync_data || op.kind == OpKind::sync_all)
      all.push_back({Plan::Kind::eio_dropped, op.ordinal});
    if (can_lack_room(op.kind)) all.push_back({Plan::Kind::enospc, op.ordinal});
    if (op.kind == OpKind::write) {  // nothing was done, and nearly all
      all.push_back({Plan::Kind::eio, op.ordinal, 0});
      all.push_back({Plan::Kind::enospc, op.ordinal, 0});
      all.push_back({Plan::Kind::enospc, op.ordinal, op.size - std::min<std::uint64_t>(op.size, 1)});
    }
    if (op.kind == OpKind::read || op.kind == OpKind::write) {
      for (const std::uint64_t bytes : shortenings_of(op)) all.push_back({Plan::Kind::short_write, op.ordinal, bytes});
      all.push_back({Plan::Kind::interrupted, op.ordinal});
    }
    return Fault::none;
  });
  World world{.machine = machine,
              .file_system = wrapped ? *wrapped : static_cast<safeatomic::FileSystem&>(machine),
              .violated = [](Invariant, const std::string&) {}};
  scenario->work(world);
  return all;
}

}  // namespace datawal::crash
