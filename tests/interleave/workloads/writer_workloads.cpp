// Several threads that change a store, and what ends while others are in it.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "interleave/workloads/workload.hpp"
#include "interleave/world/kv_world.hpp"
#include "kv/compaction/write_behind.hpp"

namespace datawal::interleave {

namespace {

using Part = std::function<void(KvWorld&)>;

void must(const Result<void>& done, std::string_view what) {
  if (!done) violated(Invariant::sound_store_has_no_error, std::string(what) + ": " + done.error().message());
}

// What a thread alone has put it gets back.
Part puts_and_gets(const std::string& key, const std::string& value) {
  return [=](KvWorld& world) {
    must(watch([&] { return world.store().put(key, value); }), "put");
    const auto found = watch([&] { return world.store().get(key); });
    if (!found) violated(Invariant::sound_store_has_no_error, "get: " + found.error().message());
    if (*found != value) violated(Invariant::get_is_a_state, key + " is " + found->value_or("absent"));
  };
}

// Adds one to what is there, as often as it takes.
void count_up(KvWorld& world) {
  for (bool is_done = false; !is_done;) {
    const auto seen = watch([&] { return world.store().find("counter"); });
    if (!seen) violated(Invariant::sound_store_has_no_error, "find: " + seen.error().message());
    const int count = *seen ? std::stoi((*seen)->value) : 0;
    const Expect expected = *seen ? Expect((*seen)->ref) : Expect::absent();
    const Result<ChangeOutcome> done = watch(
        [&] { return world.store().put_if("counter", expected, std::to_string(count + 1)); });
    if (!done) violated(Invariant::sound_store_has_no_error, "put_if: " + done.error().message());
    is_done = done->is_done;
  }
}

// While another thread closes the store.
void get_or_closed(KvWorld& world) {
  const auto found = watch([&] { return world.store().get("b"); });
  if (!found && found.error().code != Errc::closed) {
    violated(Invariant::sound_store_has_no_error, "get: " + found.error().message());
  }
  if (found && *found != "b1") violated(Invariant::get_is_a_state, "b is " + found->value_or("absent"));
}

void put_or_closed(KvWorld& world) {
  const Result<void> done = watch([&] { return world.store().put("a", "a2"); });
  if (!done && done.error().code != Errc::closed) must(done, "put");
}

void closes(KvWorld& world) {
  must(watch([&] { return world.store().close(); }), "close");
}

struct Setting {
  KvStart start = KvStart::one_segment;
  std::uint64_t max_segment_bytes = 1 << 16;
  KvWorld::State end{};  ///< empty: as at the beginning
};

Workload of(std::string name, int bound, Setting setting, std::vector<Part> parts) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            KvWorld world(setting.start);
            OpenOptions options = world.open_options();
            options.max_segment_bytes = setting.max_segment_bytes;
            world.open(options);
            begin_exploring();
            for (const Part& part : parts) spawn([&world, &part] { part(world); });
            join_all();
            if (!setting.end.empty()) world.has_become(setting.end);
            world.finish();
          }};
}

Workload closing(std::string name, int bound, std::vector<Part> parts) {
  return {.name = std::move(name), .bound = bound, .body = [=] {
            KvWorld world(KvStart::one_segment);
            world.open(world.small_options());
            begin_exploring();
            for (const Part& part : parts) spawn([&world, &part] { part(world); });
            join_all();
            world.close();
          }};
}

// A second thread writes what the first one hands over.
void write_behind(bool fails) {
  KvWorld world(KvStart::one_segment,
                {.failing = {.write_of_copy = fails ? 1 : 0, .write_fault = safeatomic::sim::Fault::eio}});
  auto directory = world.seam().open_directory(store_name);
  if (!directory) violated("no directory");
  auto file = (*directory)->open_file(".tmp-0123456789abcdef.dwal-tmp", {.write = true, .create = true});
  if (!file) violated("no file");
  world.arm();
  begin_exploring();
  kv::SequentialWriter writer(**file);
  Result<std::unique_ptr<kv::WriteBehind>> behind = watch([&] { return kv::WriteBehind::start(writer); });
  if (!behind) violated("no thread");
  std::string bytes = "one.";
  const bool first = watch([&] { return (*behind)->write(bytes); }).has_value();
  bytes = "two.";
  const bool second = watch([&] { return (*behind)->write(bytes); }).has_value();
  const bool end = watch([&] { return (*behind)->wait(); }).has_value();
  watch([&] { behind->reset(); });
  if (!first || second == fails || end == fails)
    violated("a failure is told where there is none, or the other way round");
  const auto content = world.machine().peek(store_name + "/.tmp-0123456789abcdef.dwal-tmp");
  if (!fails && content != "one.two.") violated("something else was written: " + content.value_or("nothing"));
}

}  // namespace

std::vector<Workload> writer_workloads() {
  const Part puts_x = puts_and_gets("x", "x1");
  const Part puts_y = puts_and_gets("y", "y1");
  const Part compacts = [](KvWorld& world) { world.compact({.min_garbage_ratio = 0}); };
  const KvWorld::State both = {{"a", "a2"}, {"b", "b1"}, {"c", "c1"}, {"x", "x1"}, {"y", "y1"}};
  const KvWorld::State counted = {{"a", "a2"}, {"b", "b1"}, {"c", "c1"}, {"counter", "2"}};
  return {
      of("put_put", 3, {.end = both}, {puts_x, puts_y}),
      of("put_put_rotate", 2, {.max_segment_bytes = 60, .end = both}, {puts_x, puts_y}),
      of("put_put_compact", 1, {.end = both}, {puts_x, puts_y, compacts}),
      of("count_count", 2, {.end = counted}, {count_up, count_up}),
      of("count_count_compact", 1, {.end = counted}, {count_up, count_up, compacts}),
      closing("get_close", 3, {get_or_closed, closes}),
      closing("put_close", 3, {put_or_closed, closes}),
      closing("compact_close", 2, {[](KvWorld& world) { world.compact({.min_garbage_ratio = 0}, true); }, closes}),
      {"write_behind", 3, [] { write_behind(false); }},
      {"write_behind_fails", 3, [] { write_behind(true); }},
  };
}

}  // namespace datawal::interleave
