#include "interleave/world/world.hpp"

#include <new>

#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

#include "interleave/runtime/hash.hpp"

namespace datawal::interleave {

using safeatomic::sim::Choice;
using safeatomic::sim::DiskImage;
using safeatomic::sim::Fault;
using safeatomic::sim::Injection;
using safeatomic::sim::Operation;
using safeatomic::sim::OpKind;
using safeatomic::sim::PowerLoss;
using safeatomic::sim::SimFileSystem;

Ledger& ledger() {
  static Ledger& all = *new Ledger;
  return all;
}

World::World(const DiskImage& start, const WorldOptions& options)
    : machine_(start), seam_(machine_), options_(options) {
  machine_.set_hook([this](const Operation& operation) { return before(operation); });
  seam_.is_interruptible = options.is_interruptible;
  seam_.on_overlapping_syncs = [] { violated(Invariant::one_sync_at_a_time, "two overlap"); };
}

World::~World() { machine_.set_hook({}); }

OpenOptions World::open_options() {
  return {.write_path = WritePath::append, .open_threads = 1, .file_system = &seam_};
}

ReaderOptions World::reader_options() { return {.open_threads = 1, .file_system = &seam_}; }

void World::arm() { is_armed_ = true; }

Injection World::before(const Operation& operation) {
  if (!is_armed_ || is_looking_ || !is_running()) return Fault::none;
  look_at_crash();
  const std::string name = std::filesystem::path(operation.directory).filename().string();
  if (operation.kind == OpKind::sync_data && segment::parse_filename(name) && ++syncs_ == options_.failing.sync) {
    has_failed_ = true;
    if (options_.failing.sync_throws) throw std::bad_alloc();
    return Fault::eio;
  }
  if (operation.kind == OpKind::sync_directory && ++syncs_of_names_ == options_.failing.sync_of_names) {
    has_failed_ = true;
    return Fault::eio;
  }
  if (operation.kind == OpKind::rename && ++renames_ == options_.failing.rename) return Fault::eio;
  if (operation.kind == OpKind::write && safeatomic::is_temporary_name(name) &&
      ++writes_of_copies_ == options_.failing.write_of_copy) {
    return options_.failing.write_fault;
  }
  return Fault::none;
}

void World::look_at_crash() {
  if (options_.crash == CrashAt::never || !is_armed_ || is_looking_ || !is_new_ground()) return;
  const memory::HostScope host;
  const std::uint64_t promised = promises();
  const std::uint64_t change = machine_.change_count();
  if (change == looked_at_change_ && promised == looked_at_promises_) return;
  looked_at_change_ = change;
  looked_at_promises_ = promised;
  memory_is_not_counted();
  is_looking_ = true;
  if (options_.crash == CrashAt::kill) {
    check_disk(machine_.shut_down(), promised, true);
  } else {
    safeatomic::sim::OutcomeOptions outcomes;
    outcomes.combinations_max = 256;
    outcomes.is_seen = [](std::string_view name) {
      return segment::parse_filename(name) || name == ".watermark" || name == ".index";
    };
    const PowerLoss loss(machine_);
    safeatomic::sim::for_each_outcome(loss, outcomes,
                                      [&](const Choice& choice) { check_disk(loss.outcome(choice), promised, false); });
  }
  is_looking_ = false;
}

void World::check_disk(const DiskImage& disk, std::uint64_t promised, bool is_kill) {
  Ledger& all = ledger();
  const std::uint64_t hash = disk.hash();
  if (!all.looked_at.insert(mix(hash, promised)).second) return;
  all.disks.insert(hash);
  ++all.recoveries;
  SimFileSystem next(disk);
  check_recovery(next, is_kill);
}

bool World::is_on_disk(std::string_view bytes) const {
  const memory::HostScope host;
  const PowerLoss loss(machine_);
  const SimFileSystem left(loss.outcome(Choice(loss.undecided().size(), 0)));
  for (const std::string& name : left.peek_names(store_name)) {
    if (!segment::parse_filename(name)) continue;
    const auto content = left.peek(std::filesystem::path(store_name) / name);
    if (content && content->find(bytes) != std::string::npos) return true;
  }
  return false;
}

void World::check_nothing_is_open() const {
  const safeatomic::sim::Usage usage = machine_.usage();
  if (usage.files + usage.directories + usage.mappings + usage.locks != 0) {
    violated(Invariant::nothing_leaks, std::to_string(usage.files) + " files, " + std::to_string(usage.directories) +
                                           " directories, " + std::to_string(usage.mappings) + " mappings, " +
                                           std::to_string(usage.locks) + " locks");
  }
  if (usage.bus_errors != 0) violated("a store beyond the end of a file");
}

DiskImage made_by(const std::function<void(SimFileSystem&)>& make) {
  SimFileSystem machine;
  make(machine);
  return machine.shut_down();
}

}  // namespace datawal::interleave
