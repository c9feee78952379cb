// Stores with a persisted index: it is loaded, written, and made stale beside everything else.

#include <string>
#include <utility>

#include "interleave/workloads/workload.hpp"
#include "interleave/world/kv_world.hpp"

namespace datawal::interleave {

namespace {

using Part = std::function<void(KvWorld&)>;

OpenOptions options_of(KvWorld& world) {
  OpenOptions options = world.small_options();
  options.index = {.is_enabled = true, .least_records = 0, .writes_in_background = false};
  return options;
}

// The store is opened while it is watched: a thread of its own loads what the parts need.
Workload opening(std::string name, int bound, std::vector<Part> parts) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            KvWorld world(KvStart::indexed);
            begin_exploring();
            world.open(options_of(world));
            for (const Part& part : parts) part(world);
            world.finish();
          }};
}

// Each part in a thread of its own, in a store whose pages are all on file, or that has never had an index.
Workload of(std::string name, int bound, KvStart start, std::vector<Part> parts, const WorldOptions& options = {}) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            KvWorld world(start, options);
            OpenOptions with_index = options_of(world);
            with_index.index.write_at_close = false;  // what was written before is looked at in the end
            with_index.index.loads_in_background = false;
            world.open(with_index);
            if (start == KvStart::three_segments) world.put("d", "d2");  // so that a compaction rotates
            begin_exploring();
            for (const Part& part : parts) spawn([&world, &part] { part(world); });
            join_all();
            world.finish();
          }};
}

// A thread of the store writes the index meanwhile.
Workload behind(std::string name, int bound, const Part& looks, const WorldOptions& options = {}) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            KvWorld world(KvStart::one_segment, options);
            OpenOptions in_background = options_of(world);
            in_background.max_segment_bytes = 1 << 14;
            in_background.index.write_at_close = false;
            in_background.index.writes_in_background = true;
            in_background.index.least_bytes = 1;
            begin_exploring();
            world.open(in_background);
            world.put("a", std::string(15'000, 'a'));
            looks(world);
            world.put("b", std::string(10'000, 'b'));
            world.finish();
          }};
}

}  // namespace

std::vector<Workload> saved_index_workloads() {
  const Part saves = [](KvWorld& world) { world.save_index(); };
  const Part saves_in_vain = [](KvWorld& world) { world.save_index(true); };
  const Part gets_a = [](KvWorld& world) { world.get("a"); };
  const Part gets_b = [](KvWorld& world) { world.get("b"); };
  const Part gets_all = [](KvWorld& world) {
    for (const char* const key : {"a", "b", "c", "none"}) world.get(key);
  };
  const Part walks = [](KvWorld& world) { world.walk(); };
  const Part puts = [](KvWorld& world) { world.put("a", "a3"); };
  const Part puts_synced = [](KvWorld& world) { world.put("a", "a3", true); };
  const Part erases = [](KvWorld& world) { world.erase("b"); };
  const Part changes = [](KvWorld& world) {
    world.put("a", "a3");
    world.erase("b");
  };
  const Part compacts = [](KvWorld& world) { world.compact({.min_garbage_ratio = 0}); };
  const Part compacts_none = [](KvWorld& world) { world.compact({.min_garbage_ratio = 1}); };
  const Part reads = [](KvWorld& world) { world.read(1, true); };
  const Part reads_once = [](KvWorld& world) { world.read(0, true); };
  constexpr KvStart indexed = KvStart::indexed;
  constexpr KvStart one = KvStart::one_segment;
  constexpr KvStart three = KvStart::three_segments;
  const WorldOptions power{.crash = CrashAt::power_loss};
  const WorldOptions kill{.crash = CrashAt::kill};
  const WorldOptions full{.failing = {.write_of_copy = 1, .write_fault = safeatomic::sim::Fault::enospc}};
  return {
      opening("saved_open_get", 2, {gets_all}),
      opening("saved_open_change", 1, {changes}),
      opening("saved_open_compact", 1, {compacts, gets_b}),
      opening("saved_open_close", 2, {}),
      of("saved_get_get", 2, indexed, {gets_a, gets_a}),
      of("saved_get_put", 2, indexed, {puts, gets_a}),
      of("saved_get_erase", 2, indexed, {erases, gets_b}),
      of("saved_walk_change", 1, indexed, {changes, walks}),
      of("saved_get_compact", 2, indexed, {compacts, gets_b}),
      of("save_change", 2, one, {changes, saves}),
      of("save_get", 2, indexed, {saves, gets_a}),
      of("save_compact", 2, one, {compacts, saves}),
      of("save_compact_three", 1, three, {compacts, saves}),
      of("save_change_compact", 1, one, {changes, compacts, saves}),
      of("save_save", 2, one, {saves, saves}),
      of("save_no_space", 2, one, {changes, saves_in_vain}, full),
      of("save_read_change", 1, indexed, {changes, saves, reads_once}),
      of("saved_read_change", 2, indexed, {changes, reads}),
      of("saved_read_compact", 1, indexed, {compacts, reads}),
      of("save_read", 2, indexed, {saves, reads_once}),
      behind("save_behind_get", 2, gets_a),
      behind("save_behind_compact", 2, compacts_none),
      behind("save_behind_power", 2, gets_a, power),
      of("save_change_power", 2, one, {puts_synced, saves}, power),
      of("save_change_kill", 2, one, {changes, saves}, kill),
      of("save_compact_power", 1, one, {compacts, saves}, power),
  };
}

}  // namespace datawal::interleave
