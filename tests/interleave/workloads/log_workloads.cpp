// Appends and syncs beside each other.

#include <algorithm>
#include <chrono>
#include <string>

#include "interleave/workloads/workload.hpp"
#include "interleave/world/log_world.hpp"

namespace datawal::interleave {

namespace {

using namespace std::chrono_literals;

// With `size` bytes, or what its name takes.
std::string payload(int thread, int number, std::size_t size = 0) {
  std::string text = "t" + std::to_string(thread) + "-" + std::to_string(number) + ".";
  text.resize(std::max(size, text.size()), static_cast<char>('a' + thread));
  return text;
}

struct Commits {
  int threads = 2;
  int each = 1;
  WorldOptions world{};
  WritePath path = WritePath::append;
  std::uint64_t max_segment_bytes = 256ULL << 20;
  std::size_t size = 0;  ///< of payloads
};

OpenOptions options_of(LogWorld& world, const Commits& commits) {
  OpenOptions options = world.open_options();
  options.write_path = commits.path;
  options.max_segment_bytes = commits.max_segment_bytes;
  return options;
}

void append_each(LogWorld& world, int thread, const Commits& commits, LogWorld::May may) {
  for (int i = 0; i < commits.each; ++i) world.append(payload(thread, i, commits.size), true, may);
}

// Synced appends, and something else beside them.
void commit(const Commits& commits, const std::function<void(LogWorld&)>& beside = {}, LogWorld::May may = {}) {
  LogWorld world(commits.world);
  world.open(options_of(world, commits));
  begin_exploring();
  for (int t = 1; t <= commits.threads; ++t) spawn([&, t] { append_each(world, t, commits, may); });
  if (beside) spawn([&] { beside(world); });
  join_all();
  world.finish();
}

// A sync every few milliseconds, and the end of the log.
void interval(bool is_synced, WorldOptions options, const std::function<void(LogWorld&)>& between = {}) {
  LogWorld world(options);
  begin_exploring();
  OpenOptions with = world.open_options();
  with.sync_policy = SyncPolicy::interval(5ms);
  world.open(with);
  world.append("one.", false);
  if (between) between(world);
  if (is_synced) world.append("two.", true);
  world.finish();
}

void close_twice() {
  LogWorld world;
  world.open(world.open_options());
  begin_exploring();
  world.append("one.", false);
  for (int t = 0; t < 2; ++t) spawn([&] { world.close({true}); });
  join_all();
  world.finish();
}

void every_append() {
  LogWorld world;
  OpenOptions options = world.open_options();
  options.sync_policy = SyncPolicy::every_append();
  world.open(options);
  begin_exploring();
  for (int t = 1; t <= 2; ++t) spawn([&, t] { world.append(payload(t, 0), true); });
  join_all();
  world.finish();
}

Workload failing(int threads, int which) {
  return {.name = "commit" + std::to_string(threads) + "_fails" + std::to_string(which),
          .bound = threads > 2 ? 2 : 3,
          .body = [=] { commit({.threads = threads, .world = {.failing = {.sync = which}}}); }};
}

}  // namespace

std::vector<Workload> log_workloads() {
  constexpr std::size_t sectors = 700;  // a record of two
  const auto rotates = [](LogWorld& world) { world.rotate(); };
  const auto closes = [](LogWorld& world) { world.close({true}); };
  const auto syncs = [](LogWorld& world) { world.fsync(); };
  const auto forks = [](LogWorld& world) { world.fork(); };
  const auto batches = [](LogWorld& world) { world.append_batch("b1.", "b2.", true); };
  constexpr std::uint64_t small = 80;  // two records
  return {
      {"commit2", 3, [] { commit({}); }},
      {"commit3", 3, [] { commit({.threads = 3}); }},
      {"commit4", 1, [] { commit({.threads = 4}); }},
      {"commit2_twice", 3, [] { commit({.each = 2}); }},
      failing(2, 1),
      failing(2, 2),
      failing(3, 1),
      failing(3, 2),
      failing(3, 3),
      {"commit2_throws", 3, [] { commit({.world = {.failing = {.sync = 1, .sync_throws = true}}}); }},
      {"commit2_mapped", 3, [] { commit({.path = WritePath::mapped, .max_segment_bytes = 1 << 16}); }},
      {"commit2_mapped_rotate", 2, [=] { commit({.path = WritePath::mapped, .max_segment_bytes = 1 << 16}, rotates); }},
      {"commit2_rotate", 3, [=] { commit({}, rotates); }},
      {"commit2_rotate_fails", 2, [=] { commit({.world = {.failing = {.sync = 2}}}, rotates); }},
      {"commit2_rotate_names_fail", 2, [=] { commit({.world = {.failing = {.sync_of_names = 1}}}, rotates); }},
      {"commit2_rotate_by_size", 3, [=] { commit({.max_segment_bytes = small}); }},
      {"commit2_fsync", 3, [=] { commit({}, syncs); }},
      {"commit2_batch", 2, [=] { commit({}, batches); }},
      {"commit2_close", 3, [=] { commit({}, closes, {.be_closed = true}); }},
      {"fork_commit2", 1, [=] { commit({}, forks); }, true},
      {"fork_rotate", 1, [=] { commit({.threads = 1, .each = 2, .max_segment_bytes = small}, forks); }, true},
      {"fork_interval", 1, [=] { interval(true, {}, forks); }, true},
      {"close_twice", 3, [] { close_twice(); }},
      {"every_append", 3, [] { every_append(); }},
      {"interval", 3, [] { interval(false, {}); }},
      {"interval_synced", 3, [] { interval(true, {}); }},
      {"interval_fails", 3, [] { interval(true, {.failing = {.sync = 1}}); }},
      {"commit2_power", 2, [] { commit({.world = {.crash = CrashAt::power_loss}, .size = sectors}); }},
      {"commit2_kill", 2, [] { commit({.world = {.crash = CrashAt::kill}, .size = sectors}); }},
      {"commit2_fails_power", 2,
       [] { commit({.world = {.crash = CrashAt::power_loss, .failing = {.sync = 1}}, .size = sectors}); }},
      {"commit2_rotate_power", 2, [=] { commit({.world = {.crash = CrashAt::power_loss}, .size = sectors}, rotates); }},
      {"commit2_close_power", 2,
       [=] { commit({.world = {.crash = CrashAt::power_loss}, .size = sectors}, closes, {.be_closed = true}); }},
      {"commit2_mapped_power", 2,
       [] {
         commit({.world = {.crash = CrashAt::power_loss},
                 .path = WritePath::mapped,
                 .max_segment_bytes = 1 << 16,
                 .size = sectors});
       }},
      {"interval_power", 2, [] { interval(true, {.crash = CrashAt::power_loss}); }},
  };
}

}  // namespace datawal::interleave
