#include "crash/workloads.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>
#include <vector>

#include "crash/naive_scenario.hpp"
#include "crash/rebuild_scenario.hpp"
#include "crash/repair_scenario.hpp"
#include "crash/result_scenario.hpp"
#include "crash/store_scenario.hpp"

namespace datawal::crash {

namespace {

StoreWorkload followed_workload(FollowerBug bug) {
  return {.name = "followed", .script = "a40 l A300 l a40 a40 l a700 l r a40 l", .prepared = "a100", .followers = bug};
}

// What they find where a record was lost is another one already.
StoreWorkload followed_late_workload(FollowerBug bug) {
  StoreWorkload workload = followed_workload(bug);
  workload.name = "followed_late";
  workload.followers_rest = true;
  return workload;
}

// What each letter means stands in log_scenario.cpp and kv_scenario.cpp.
std::vector<StoreWorkload> log_workloads() {
  return {
      {.name = "new", .script = "A40 a40", .directory = "/home/user/store"},
      {.name = "append", .script = "a300 a700 a40 a900 a300", .prepared = "a100"},
      {.name = "append_long", .script = "a700 a900 a1300 a300 a1100 a40 a700", .prepared = "a100"},
      {.name = "append_longer", .script = "a1100 a500 a40 a1500 a900 a20 a1300", .prepared = "a300"},
      {.name = "synced_long", .script = "a900 a700 A1300 a1100 a900 a1500 a40 a300", .prepared = "a100"},
      {.name = "rotate_long", .script = "a900 a1300 a700 r a1100 a900 a500 a40 a700", .prepared = "a100"},
      {.name = "append_synced", .script = "A300 a700 A900 a60 a1300 s a200", .prepared = "a100"},
      {.name = "append_small", .script = "a20 a30 a40 s a50 a60 a70 a80", .prepared = "a10"},
      {.name = "pages", .script = "a5000 A4200 r a8100", .prepared = "a100", .losses_max = 1},
      {.name = "sector_frames",
       .script = "a484 A484 a996 a484 r a484",
       .prepared = "a484"},  // frames end where sectors do
      {.name = "every_append", .script = "a300 a700 a40", .prepared = "a100", .syncs_every_append = true},
      {.name = "frames", .script = "a300 f900 a200", .prepared = "a100"},
      {.name = "equal", .script = "a500 a500 a500 a500", .prepared = "a100"},
      {.name = "rotate", .script = "a300 a700 r a500 a40 r A60 a400", .prepared = "a100"},
      {.name = "rotate_only", .script = "a300 a700 r a500 a40 r a400", .prepared = "a100"},
      {.name = "rotate_by_size",
       .script = "a300 a300 a300 a1300 a40 a600",
       .prepared = "a100",
       .max_segment_bytes = 800},
      {.name = "torn", .script = "a40 g A600", .prepared = "a100 A200", .torn = "a700 a900"},
      {.name = "torn_rotated", .script = "a40 r a60", .prepared = "a100 r a40", .torn = "a1300 a300"},
      {.name = "copied", .script = "a40", .prepared = "a300 r a700 r a40", .is_copied = true},
      {.name = "reopen", .script = "a300 c o a700 s a500 c o a30", .prepared = "a100"},
      {.name = "refused", .script = "a300 z900 a40 z60", .prepared = "a100"},
      {.name = "batches", .script = "b500 b200 s B700 b300", .prepared = "a100"},
      {.name = "checkpoint", .script = "a300 C A40 r a60 I a200", .prepared = "a100 r a700 r a60"},
      {.name = "checkpoint_unsynced", .script = "a300 r a700 C a40", .prepared = "a100"},
      {.name = "retention", .script = "a300 d3 a60 r A40 d9 a50", .prepared = "a100 r a700 r a60"},
      {.name = "retention_torn", .script = "d3 a60", .prepared = "a100 r a700 r a60", .torn = "a700 a900"},
      {.name = "retention_held", .script = "hx:2 d9 hx:4 a60 d9 Hx: d9", .prepared = "a100 r a700 a40 r a60 r a80"},
      {.name = "state", .script = "a300 S a700 S a40", .prepared = "a100", .state = StateUse::always},
      {.name = "state_long", .script = "a900 a700 S a1100 a300 a40", .prepared = "a100", .state = StateUse::always},
      {.name = "state_synced",
       .script = "A300 S a40 c o A700 s S a60",
       .prepared = "a100",
       .losses_max = 1,
       .state = StateUse::always},
      {.name = "state_close", .script = "a300 c o a700 c o a30", .prepared = "a100", .state = StateUse::always},
      {.name = "state_rotating",
       .script = "a300 S r a700 r a40 S c o a60",
       .prepared = "a100 r a60",
       .losses_max = 1,
       .state = StateUse::always},
      // So much was appended that it is written by the rotation.
      {.name = "state_at_rotation", .script = "a40 r a60", .prepared = "a5000", .state = StateUse::at_rotation},
      {.name = "state_torn",
       .script = "S a40 r a60",
       .prepared = "a100 A200 S",
       .torn = "a700 a900",
       .state = StateUse::always},
      {.name = "state_retention",
       .script = "S a300 d3 a60 S r A40 d9 a50",
       .prepared = "a100 r a700 r a60 S",
       .losses_max = 1,
       .state = StateUse::always},
      {.name = "state_copied",
       .script = "S a40",
       .prepared = "a300 r a700 r a40",
       .state = StateUse::always,
       .is_copied = true},
      followed_workload(FollowerBug::none),
      followed_late_workload(FollowerBug::none),
      // The first 4 KiB after a sync go by a write, what follows by memory.
      {.name = "mapped", .script = "a300 A700 a60 s a40 c o a30", .prepared = "a100", .write_path = WritePath::mapped},
      {.name = "mapped_memory",
       .script = "a4100 a60 a500 A90 a40",
       .prepared = "a100",
       .write_path = WritePath::mapped},
  };
}

std::vector<StoreWorkload> kv_workloads() {
  return {
      {.name = "kv", .script = "pk1:200 pk2:600 ek1: pk1:30 Pk3:500 pk2:60", .prepared = "pk1:50 pk0:60"},
      {.name = "kv_long", .script = "pk1:900 pk2:1100 ek1: pk3:700 pk1:900 pk2:300", .prepared = "pk1:50 pk0:60"},
      {.name = "kv_rotating",
       .script = "pk1:300 pk2:300 ek1: s pk1:300 ek2: pk3:600",
       .prepared = "pk1:50",
       .max_segment_bytes = 700},
      {.name = "compact", .script = "pk1:300 ek2: k pk1:60", .prepared = "pk1:400 pk2:300 pk1:200 pk3:90"},
      {.name = "compact_segments",
       .script = "pk3:300 k ek1: s k",
       .prepared = "pk1:200 pk2:300 pk1:300 ek2: pk3:400 pk1:100 pk2:60",
       .max_segment_bytes = 500},
      {.name = "compact_during",
       .script = "pk1:300 Kk1:40 pk3:20",
       .prepared = "pk1:200 pk2:300 pk3:300 pk1:100",
       .max_segment_bytes = 600},
      {.name = "compact_raw",
       .script = "pk2:90 k ek3: s k",
       .prepared = "w200 pk1:200 pk2:100 w300 ek1: pk3:200 pk2:60 w40 ek2: pk1:30",
       .max_segment_bytes = 500},
      // Of the dead k1 little is garbage, so that its segment stays; the second one holds its tombstone, the others give room.
      {.name = "compact_skipping",
       .script = "m m",
       .prepared = "pk1:20 pk3:400 ek1: pk2:400 pk2:300 pk2:60 pk2:300",
       .max_segment_bytes = 500},
      {.name = "compact_stopped",
       .script = "x2 x3 k",
       .prepared = "pk1:20 pk3:400 ek1: pk2:400 pk2:300 pk2:60 pk2:300",
       .max_segment_bytes = 500},
      {.name = "holds",
       .script = "hx:3 k hy:5 pk3:30 Hx: k",
       .prepared = "pk1:200 pk2:300 pk1:300 ek2: pk3:400 pk1:100 pk2:60",
       .max_segment_bytes = 500,
       .losses_max = 1},
      {.name = "holds_outside",
       .script = "Ox:4 k Oy:2 Kk1:20 Ox:7 k",
       .prepared = "pk1:200 pk2:300 pk1:300 ek2: pk3:400 pk1:100 pk2:60",
       .max_segment_bytes = 500,
       .losses_max = 1},
      {.name = "kv_batches", .script = "bk1:300 s bk2:200 bk3:600", .prepared = "pk1:50 pk2:60"},
      {.name = "index", .script = "pk1:30 i pk2:600 ek1: c o Pk3:40 i", .prepared = "pk1:50 pk0:60", .has_index = true},
      {.name = "index_long",
       .script = "pk1:900 pk2:700 i pk3:1100 pk1:300 ek2:",
       .prepared = "pk1:50 pk0:60",
       .has_index = true},
      {.name = "index_rotating",
       .script = "pk1:300 i pk2:300 ek1: i pk1:300 ek2: c o pk3:600",
       .prepared = "pk1:50 pk3:400 pk2:300",
       .max_segment_bytes = 700,
       .losses_max = 1,
       .has_index = true},
      {.name = "index_compact",
       .script = "pk3:300 k ek1: i m pk2:40",
       .prepared = "pk1:200 pk2:300 pk1:300 ek2: pk3:400 pk1:100 pk2:60",
       .max_segment_bytes = 500,
       .losses_max = 1,
       .has_index = true},
      {.name = "index_raw",
       .script = "pk1:90 w40 i ek1:",
       .prepared = "w200 pk1:200 ek1: pk3:200",
       .max_segment_bytes = 500,
       .losses_max = 1,
       .has_index = true},
      // One page of the index has room in memory, the others come from the file that was written last.
      {.name = "index_limit",
       .script = "pk1:30 i pk2:600 ek1: i Pk3:40 c o pk2:20 i",
       .prepared = "pk1:50 pk0:60 pk3:40",
       .losses_max = 1,
       .has_index = true,
       .index_memory_limit = 1},
      {.name = "index_limit_compact",
       .script = "i pk3:300 k ek1: i m pk2:40",
       .prepared = "pk1:200 pk2:300 pk1:300 ek2: pk3:400 pk1:100 pk2:60",
       .max_segment_bytes = 500,
       .losses_max = 1,
       .has_index = true,
       .index_memory_limit = 1},
      {.name = "index_torn",
       .script = "pk1:40 i ek0: s",
       .prepared = "pk0:50 pk1:60",
       .torn = "pk2:700 ek1: pk0:900",
       .has_index = true},
      {.name = "kv_torn", .script = "pk1:40 ek0: s", .prepared = "pk0:50 pk1:60", .torn = "pk2:700 ek1: pk0:900"},
  };
}

// The same by the other write path.
StoreWorkload mapped(StoreWorkload workload) {
  workload.name.insert(0, "mapped_");
  workload.write_path = WritePath::mapped;
  return workload;
}

bool has_mapped_twin(const StoreWorkload& workload) {
  return workload.write_path != WritePath::mapped && workload.name.find("_long") == std::string::npos &&
         workload.name != "pages" && !workload.name.starts_with("index_") && workload.name != "state_synced";
}

std::string random_script(std::mt19937_64& random, int steps) {
  constexpr std::string_view letters = "aaaaaaaAAbBsrrgfCId";
  std::string script;
  for (int i = 0; i < steps; ++i) {
    const char letter = letters[random() % letters.size()];
    script.append(1, letter);
    if (std::string_view("aAbBf").find(letter) != std::string_view::npos) {
      const std::uint64_t size_max = std::uint64_t{1} << (random() % 13);
      script.append(std::to_string(20 + random() % size_max));
    }
    if (letter == 'd') script.append(std::to_string(1 + random() % 5));
    script.append(" ");
    if (random() % 16 == 0) script.append("c o ");
  }
  return script;
}

std::string random_kv_script(std::mt19937_64& random, int steps) {
  constexpr std::string_view letters = "pppppPeeEbbskmxK";
  std::string script;
  for (int i = 0; i < steps; ++i) {
    const char letter = letters[random() % letters.size()];
    const std::string key = "k" + std::to_string(random() % 4);
    const std::uint64_t size = 20 + random() % (std::uint64_t{1} << (random() % 12));
    script.append(1, letter);
    if (std::string_view("pPbK").find(letter) != std::string_view::npos) script += key + ":" + std::to_string(size);
    if (letter == 'e' || letter == 'E') script += key + ":";
    if (letter == 'x') script += std::to_string(1 + size % 4);
    script.append(" ");
    if (random() % 16 == 0) script.append("c o ");
  }
  return script;
}

// A checkpoint of the prepared store would lie on the disk without being known.
std::string plain(std::string script) {
  std::ranges::replace_if(script, [](char c) { return c == 'C' || c == 'I'; }, 's');
  return script;
}

constexpr std::string_view random_prefix = "random";

}  // namespace

Scenarios default_scenarios() {
  Scenarios all;
  for (const StoreWorkload& workload : log_workloads()) all.push_back(make_log_scenario(workload));
  for (const StoreWorkload& workload : kv_workloads()) all.push_back(make_kv_scenario(workload));
  for (const StoreWorkload& workload : log_workloads()) {
    if (has_mapped_twin(workload)) all.push_back(make_log_scenario(mapped(workload)));
  }
  for (const StoreWorkload& workload : kv_workloads()) {
    if (has_mapped_twin(workload)) all.push_back(make_kv_scenario(mapped(workload)));
  }
  for (std::unique_ptr<Scenario>& scenario : result_scenarios()) all.push_back(std::move(scenario));
  for (std::unique_ptr<Scenario>& scenario : repair_scenarios()) all.push_back(std::move(scenario));
  all.push_back(make_rebuild_scenario());
  all.push_back(make_naive_scenario(Belief::nothing));
  return all;
}

std::unique_ptr<Scenario> make_followed_scenario(FollowerBug bug) {
  return make_log_scenario(bug == FollowerBug::knows_by_place_alone ? followed_late_workload(bug)
                                                                    : followed_workload(bug));
}

std::unique_ptr<Scenario> random_scenario(std::uint64_t number) {
  std::mt19937_64 random(number);
  StoreWorkload workload{.name = std::string(random_prefix) + std::to_string(number), .script = {}};
  const bool is_kv = random() % 3 == 0;
  const auto script = is_kv ? random_kv_script : random_script;
  const auto prepared_steps = static_cast<int>(1 + random() % 4);
  workload.prepared = is_kv ? "w60 " + script(random, prepared_steps) : "a60 " + plain(script(random, prepared_steps));
  if (random() % 3 == 0) {
    const std::string size = std::to_string(300 + random() % 3000);
    workload.torn = is_kv ? "pk1:" + size + " pk2:700" : "a" + size + " a700";
  }
  workload.script = script(random, static_cast<int>(3 + random() % 10));
  if (random() % 2 == 0) workload.max_segment_bytes = 300 + random() % 3000;
  if (random() % 8 == 0) workload.syncs_every_append = true;
  if (random() % 2 == 0) workload.write_path = WritePath::mapped;
  return is_kv ? make_kv_scenario(workload) : make_log_scenario(workload);
}

std::unique_ptr<Scenario> scenario_named(const std::string& name) {
  if (name.starts_with(random_prefix)) {
    std::uint64_t number = 0;
    std::from_chars(name.data() + random_prefix.size(), name.data() + name.size(), number);
    return random_scenario(number);
  }
  Scenarios all = default_scenarios();
  const auto found = std::ranges::find(all, name, [](const std::unique_ptr<Scenario>& one) { return one->name(); });
  return found == all.end() ? nullptr : std::move(*found);
}

}  // namespace datawal::crash
