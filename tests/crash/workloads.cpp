#include "crash/workloads.hpp"

#include "crash/result_scenario.hpp"
#include "crash/store_scenario.hpp"

namespace datawal::crash {

Scenarios default_scenarios() {
  Scenarios all;
  const std::vector<StoreWorkload> logs = {
      {.name = "new", .script = "A40 a40", .directory = "/home/user/store"},
      {.name = "append", .script = "a300 a700 a40 a900 a300", .prepared = "a100"},
      {.name = "append_synced", .script = "A300 a700 A900 a60 a1300 s a200", .prepared = "a100"},
      {.name = "append_small", .script = "a20 a30 a40 s a50 a60 a70 a80", .prepared = "a10"},
      {.name = "every_append", .script = "a300 a700 a40", .prepared = "a100", .sync_policy = SyncPolicy::every_append},
      {.name = "frames", .script = "a300 f900 a200", .prepared = "a100"},
      {.name = "rotate", .script = "a300 a700 r a500 a40 r A60 a400", .prepared = "a100"},
      {.name = "rotate_only", .script = "a300 a700 r a500 a40 r a400", .prepared = "a100"},
      {.name = "equal", .script = "a500 a500 a500 a500", .prepared = "a100"},
      {.name = "torn", .script = "a40 g A600", .prepared = "a100 A200", .torn = "a700 a900"},
      {.name = "torn_rotated", .script = "a40 r a60", .prepared = "a100 r a40", .torn = "a1300 a300"},
      {.name = "rotate_by_size", .script = "a300 a300 a300 a1300 a40 a600", .prepared = "a100", .max_segment_bytes = 800},
      {.name = "reopen", .script = "a300 c o a700 s a500 c o a30", .prepared = "a100"},
  };
  for (const StoreWorkload& workload : logs) all.push_back(make_log_scenario(workload));
  const std::vector<StoreWorkload> stores = {
      {.name = "kv", .script = "pk1:200 pk2:600 ek1: pk1:30 Pk3:500 pk2:60", .prepared = "pk1:50 pk0:60"},
      {.name = "kv_rotating", .script = "pk1:300 pk2:300 ek1: s pk1:300 ek2: pk3:600", .prepared = "pk1:50",
       .max_segment_bytes = 700},
      {.name = "kv_torn", .script = "pk1:40 ek0: s", .prepared = "pk0:50 pk1:60", .torn = "pk2:700 ek1: pk0:900"},
  };
  for (const StoreWorkload& workload : stores) all.push_back(make_kv_scenario(workload));
  for (std::unique_ptr<Scenario>& scenario : result_scenarios()) all.push_back(std::move(scenario));
  return all;
}

}  // namespace datawal::crash
