// Logs with a state: it is written beside everything else, and what it says is what is there.

#include <string>
#include <utility>

#include "interleave/workloads/workload.hpp"
#include "interleave/world/log_world.hpp"

namespace datawal::interleave {

namespace {

using Part = std::function<void(LogWorld&)>;

// A log whose second record makes a state worth its rotation.
Workload of(std::string name, int bound, std::vector<Part> parts, const WorldOptions& options = {}) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            LogWorld world(options);
            OpenOptions with_state = world.open_options();
            with_state.state = {.is_enabled = true, .least_bytes = 1};
            world.open(with_state);
            world.append(std::string(8'000, 'l'), true);
            begin_exploring();
            for (const Part& part : parts) spawn([&world, &part] { part(world); });
            join_all();
            world.finish();
          }};
}

}  // namespace

std::vector<Workload> saved_state_workloads() {
  const Part saves = [](LogWorld& world) { world.save_state(); };
  const Part saves_in_vain = [](LogWorld& world) { world.save_state(true); };
  const Part appends = [](LogWorld& world) { world.append("one.", false); };
  const Part appends_synced = [](LogWorld& world) { world.append("one.", true); };
  const Part rotates = [](LogWorld& world) { world.rotate(); };
  const Part rotates_then_appends = [](LogWorld& world) {
    world.rotate();
    world.append("two.", true);
  };
  const Part closes = [](LogWorld& world) { world.close({true}); };
  const Part drops = [](LogWorld& world) {
    world.rotate();
    world.drop_segments_before(2);
  };
  const Part reads = [](LogWorld& world) { world.read(1); };
  const WorldOptions power{.crash = CrashAt::power_loss};
  const WorldOptions kill{.crash = CrashAt::kill};
  const WorldOptions full{.failing = {.write_of_copy = 1, .write_fault = safeatomic::sim::Fault::enospc}};
  return {
      of("state_save_append", 3, {saves, appends_synced}),
      of("state_save_rotate", 3, {saves, rotates_then_appends}),
      of("state_save_save", 3, {saves, saves}),
      of("state_save_drop", 3, {saves, drops}),
      of("state_save_close", 3, {saves, closes}),
      of("state_save_read", 2, {saves, reads}),
      of("state_save_no_space", 3, {saves_in_vain, appends_synced}, full),
      of("state_rotate_append", 3, {rotates, appends_synced}),
      of("state_rotate_fails", 3, {rotates, appends_synced}, {.failing = {.sync = 2}}),
      of("state_rotate_names_fail", 3, {rotates, appends_synced}, {.failing = {.sync_of_names = 1}}),
      of("state_rotate_read", 2, {rotates_then_appends, reads}),
      of("state_save_power", 3, {saves, appends}, power),
      of("state_rotate_power", 3, {rotates_then_appends, appends}, power),
      of("state_save_kill", 3, {saves, rotates_then_appends}, kill),
  };
}

}  // namespace datawal::interleave
