// Keys and values: one thread changes, others look, compact and copy.

#include <string>
#include <utility>

#include "interleave/workloads/workload.hpp"
#include "interleave/world/kv_world.hpp"

namespace datawal::interleave {

namespace {

using Part = std::function<void(KvWorld&)>;

struct Setting {
  KvStart start = KvStart::one_segment;
  WorldOptions world{};
  ReadPath read_path = ReadPath::mapped;
  WritePath write_path = WritePath::append;
  std::uint64_t max_segment_bytes = 1 << 16;
  std::uint32_t open_threads = 1;
};

OpenOptions options_of(KvWorld& world, const Setting& setting) {
  OpenOptions options = world.open_options();
  options.read_path = setting.read_path;
  options.write_path = setting.write_path;
  options.max_segment_bytes = setting.max_segment_bytes;
  options.open_threads = setting.open_threads;
  return options;
}

// A child shows nothing to the threads that it is looked at beside: it is forked at each of their steps.
Workload beside_fork(Workload workload) {
  workload.all_sites = true;
  return workload;
}

// Each part in a thread of its own.
Workload of(std::string name, int bound, Setting setting, std::vector<Part> parts) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            KvWorld world(setting.start, setting.world);
            world.open(options_of(world, setting));
            if (setting.start == KvStart::three_segments) world.put("d", "d2");  // so that a compaction rotates
            begin_exploring();
            for (const Part& part : parts) spawn([&world, &part] { part(world); });
            join_all();
            world.finish();
          }};
}

// The store opens while it is watched: with threads of its own.
void open_with_threads() {
  KvWorld world(KvStart::three_segments);
  begin_exploring();
  world.open(options_of(world, {.open_threads = 2}));
  world.finish();
}

void auto_compact(const Part& beside) {
  KvWorld world(KvStart::one_segment);
  begin_exploring();
  OpenOptions options = options_of(world, {.max_segment_bytes = 100});
  options.auto_compact = {.is_enabled = true, .garbage_ratio = 0.1, .max_bytes_per_second = 0};
  world.open(options);
  world.put("c", "c2");
  beside(world);
  world.put("c", "c3");
  world.get("c");
  world.finish();
}

}  // namespace

std::vector<Workload> kv_workloads() {
  const Part compacts = [](KvWorld& world) { world.compact({.min_garbage_ratio = 0}); };
  const Part compacts_in_vain = [](KvWorld& world) { world.compact({.min_garbage_ratio = 0}, true); };
  const Part cancels = [](KvWorld& world) {
    world.compact({.min_garbage_ratio = 0, .on_progress = [](const Progress&) { return false; }});
  };
  const Part compacts_slowly = [](KvWorld& world) {
    world.compact({.min_garbage_ratio = 0, .max_bytes_per_second = 1 << 20});
  };
  const Part compacts_twice = [](KvWorld& world) {
    world.compact({.min_garbage_ratio = 0});
    world.put("a", "a3");
    world.compact({.min_garbage_ratio = 0});
  };
  const Part gets_b = [](KvWorld& world) { world.get("b"); };
  const Part gets_a = [](KvWorld& world) { world.get("a"); };
  const Part gets_both = [](KvWorld& world) {
    world.get("a");
    world.get("b");
  };
  const Part gets_absent = [](KvWorld& world) { world.get("none"); };
  const Part asks = [](KvWorld& world) {
    world.contains("b");
    world.size();
  };
  const Part counts = [](KvWorld& world) { world.stats(); };
  const Part puts = [](KvWorld& world) { world.put("a", "a3"); };
  const Part puts_new = [](KvWorld& world) { world.put("new", "n1"); };
  const Part puts_synced = [](KvWorld& world) { world.put("a", "a3", true); };
  const Part erases = [](KvWorld& world) { world.erase("b"); };
  const Part changes = [](KvWorld& world) {
    world.put("a", "a3");
    world.erase("b");
  };
  const Part writes = [](KvWorld& world) { world.write("a", "a3", "b"); };
  const Part puts_if = [](KvWorld& world) { world.put_if_absent("new", "n1"); };
  const Part copies = [](KvWorld& world) { world.compact_to("copy"); };
  const Part checkpoints = [](KvWorld& world) { world.checkpoint("point"); };
  const Part checkpoints_by_reader = [](KvWorld& world) { world.checkpoint_by_reader("point"); };
  const Part exports = [](KvWorld& world) { world.export_lines(); };
  const Part walks = [](KvWorld& world) { world.walk(); };
  const Part views = [](KvWorld& world) { world.view([] {}); };
  const Part reads = [](KvWorld& world) { world.read(1); };
  const Part reads_once = [](KvWorld& world) { world.read(0); };
  const Part reads_log = [](KvWorld& world) { world.read_log(); };
  const Part holds = [](KvWorld& world) { world.hold(); };
  const Part holds_from_outside = [](KvWorld& world) { world.hold_from_outside(); };
  const Part forks = [](KvWorld& world) { world.fork(); };
  const Setting pread{.read_path = ReadPath::pread};
  const Setting mapped{.write_path = WritePath::mapped};
  const Setting three{.start = KvStart::three_segments};
  const Setting full{.world = {.failing = {.write_of_copy = 1, .write_fault = safeatomic::sim::Fault::enospc}}};
  const Setting broken{.world = {.failing = {.write_of_copy = 1, .write_fault = safeatomic::sim::Fault::eio}}};
  const Setting power{.world = {.crash = CrashAt::power_loss}};
  const Setting kill{.world = {.crash = CrashAt::kill}};
  const Setting interrupted{.start = KvStart::three_segments, .world = {.is_interruptible = true}};
  return {
      of("get_put", 3, {}, {puts, gets_a}),
      of("get_put_new", 3, {}, {puts_new, [](KvWorld& world) { world.get("new"); }}),
      of("get_erase", 3, {}, {erases, gets_b}),
      of("get_write", 3, {}, {writes, gets_both}),
      of("get_put_mapped", 3, mapped, {puts, gets_a}),
      of("put_if_get", 3, {}, {puts_if, gets_a}),
      of("get_compact", 2, {}, {compacts, gets_b}),
      of("get_compact_pread", 2, pread, {compacts, gets_b}),
      of("get_replaced_compact", 2, {}, {compacts, gets_a}),
      of("get_absent_compact", 2, {}, {compacts, gets_absent}),
      of("get_change_compact", 1, {}, {compacts, changes, gets_both}),
      of("ask_compact", 2, {}, {compacts, asks}),
      of("stats_compact", 2, {}, {compacts, counts}),
      of("put_compact", 2, {}, {compacts, puts}),
      of("put_synced_compact", 2, {}, {compacts, puts_synced}),
      of("change_compact", 2, {}, {compacts, changes}),
      of("write_compact", 2, {}, {compacts, writes}),
      of("compact_slowly", 2, {}, {compacts_slowly, puts}),
      of("compact_cancelled", 2, {}, {cancels, changes}),
      of("compact_no_space", 2, full, {compacts_in_vain, changes}),
      of("compact_eio", 2, broken, {compacts_in_vain, changes}),
      of("compact_rename_fails", 2, {.world = {.failing = {.rename = 1}}}, {compacts_in_vain, changes}),
      of("compact_names_fail", 2, {.world = {.failing = {.sync_of_names = 2}}}, {compacts_in_vain, changes}),
      of("compact_sync_fails", 2, {.world = {.failing = {.sync = 2}}}, {compacts_in_vain, puts_synced}),
      of("compact_two", 1, {}, {compacts, compacts, gets_b}),
      of("hold_compact", 2, {}, {compacts, holds}),
      of("hold_outside_compact", 2, {}, {compacts, holds_from_outside}),
      of("hold_twice_compact", 1, {}, {compacts, holds, holds_from_outside}),
      of("read_compact", 2, three, {compacts_twice, reads_once}),
      of("read_log_compact", 2, three, {compacts_twice, reads_log}),
      of("read_log_put_compact", 1, three, {compacts, puts, reads_log}),
      of("read_log_compact_interrupted", 2, interrupted, {compacts_twice, reads_log}),
      of("read_change", 2, {}, {changes, reads}),
      of("walk_compact", 2, {}, {compacts, walks}),
      of("view_change", 2, {}, {changes, views}),
      of("view_compact", 2, {}, {compacts, views}),
      of("copy_change", 2, {}, {changes, copies}),
      of("copy_compact", 2, {}, {compacts, copies}),
      of("checkpoint_change", 2, {}, {changes, checkpoints}),
      of("checkpoint_compact", 2, {}, {compacts, checkpoints}),
      of("reader_checkpoint_change", 2, {}, {changes, checkpoints_by_reader}),
      of("reader_checkpoint_compact", 2, three, {compacts_twice, checkpoints_by_reader}),
      of("export_change", 2, {}, {changes, exports}),
      of("export_compact", 2, {}, {compacts, exports}),
      beside_fork(of("fork_change", 1, {}, {changes, forks})),
      beside_fork(of("fork_get", 1, {}, {gets_a, forks})),
      beside_fork(of("fork_compact", 1, {}, {compacts, forks})),
      beside_fork({"fork_auto_compact", 1, [] { auto_compact([](KvWorld& world) { world.fork(); }); }}),
      {"auto_compact", 2, [] { auto_compact([](KvWorld& world) { world.get("a"); }); }},
      {"open_two_threads", 2, [] { open_with_threads(); }},
      of("put_compact_power", 2, power, {compacts, puts}),
      of("put_compact_kill", 2, kill, {compacts, puts}),
      of("change_compact_power", 2, power, {compacts, changes}),
  };
}

}  // namespace datawal::interleave
