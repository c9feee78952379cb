#include "crash/workloads.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>
#include <vector>

#include "crash/repair_scenario.hpp"
#include "crash/result_scenario.hpp"
#include "crash/store_scenario.hpp"

namespace datawal::crash {

namespace {

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
      // The first 4 KiB after a sync go by a write, what follows by memory.
      {.name = "mapped", .script = "a300 A700 a60 s a40 c o a30", .prepared = "a100", .write_path = WritePath::mapped},
      {.name = "mapped_memory",
       .script = "a4100 a60 a500 A90 a40",
       .prepared = "a100",
       .write_path = WritePath::mapped},
      {.name = "mapped_rotate",
       .script = "a300 a700 r a500 a40 r A60 a400",
       .prepared = "a100",
       .write_path = WritePath::mapped},
      {.name = "mapped_torn",
       .script = "a40 g A600",
       .prepared = "a100 A200",
       .torn = "a700 a900",
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
      {.name = "kv_torn", .script = "pk1:40 ek0: s", .prepared = "pk0:50 pk1:60", .torn = "pk2:700 ek1: pk0:900"},
  };
}

// The same by the other write path.
StoreWorkload mapped(StoreWorkload workload) {
  workload.name.insert(0, "mapped_");
  workload.write_path = WritePath::mapped;
  return workload;
}

// Only behind 4 KiB without a sync are frames stored through the mapping.
std::vector<StoreWorkload> mapped_workloads() {
  return {
      {.name = "stores", .script = "a4100 a300 a40", .prepared = "a100", .losses_max = 1},
      {.name = "batches", .script = "b500 b200 s B700 b300", .prepared = "a100"},
  };
}

bool is_long(const StoreWorkload& workload) { return workload.name.find("_long") != std::string::npos; }

std::string random_script(std::mt19937_64& random, int steps) {
  constexpr std::string_view letters = "aaaaaaAAsrgf";
  std::string script;
  for (int i = 0; i < steps; ++i) {
    const char letter = letters[random() % letters.size()];
    script.append(1, letter);
    if (letter == 'a' || letter == 'A' || letter == 'f') {
      const std::uint64_t size_max = std::uint64_t{1} << (random() % 13);
      script.append(std::to_string(20 + random() % size_max));
    }
    script.append(" ");
    if (random() % 16 == 0) script.append("c o ");
  }
  return script;
}

constexpr std::string_view random_prefix = "random";

}  // namespace

Scenarios default_scenarios() {
  Scenarios all;
  for (const StoreWorkload& workload : log_workloads()) all.push_back(make_log_scenario(workload));
  for (const StoreWorkload& workload : kv_workloads()) all.push_back(make_kv_scenario(workload));
  for (const StoreWorkload& workload : log_workloads()) {
    if (!is_long(workload)) all.push_back(make_log_scenario(mapped(workload)));
  }
  for (const StoreWorkload& workload : mapped_workloads()) all.push_back(make_log_scenario(mapped(workload)));
  for (const StoreWorkload& workload : kv_workloads()) {
    if (!is_long(workload)) all.push_back(make_kv_scenario(mapped(workload)));
  }
  for (std::unique_ptr<Scenario>& scenario : result_scenarios()) all.push_back(std::move(scenario));
  for (std::unique_ptr<Scenario>& scenario : repair_scenarios()) all.push_back(std::move(scenario));
  return all;
}

std::unique_ptr<Scenario> random_scenario(std::uint64_t number) {
  std::mt19937_64 random(number);
  StoreWorkload workload{.name = std::string(random_prefix) + std::to_string(number), .script = {}};
  workload.prepared = random_script(random, static_cast<int>(1 + random() % 4));
  if (random() % 3 == 0) workload.torn = "a" + std::to_string(300 + random() % 3000) + " a700";
  workload.script = random_script(random, static_cast<int>(3 + random() % 10));
  if (random() % 2 == 0) workload.max_segment_bytes = 300 + random() % 3000;
  if (random() % 8 == 0) workload.syncs_every_append = true;
  if (random() % 2 == 0) workload.write_path = WritePath::mapped;
  return make_log_scenario(workload);
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
