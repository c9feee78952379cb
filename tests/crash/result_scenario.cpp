#include "crash/result_scenario.hpp"

#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>

#include <datawal/data_wal.hpp>
#include <safeatomic/safeatomic.hpp>

#include "crash/notes.hpp"

namespace datawal::crash {

namespace {

using safeatomic::FileSystem;
using safeatomic::sim::DiskImage;
using safeatomic::sim::SimFileSystem;

class ResultScenario final : public Scenario {
 public:
  explicit ResultScenario(ResultWorkload workload) : workload_(std::move(workload)) {
    SimFileSystem machine(workload_.start);
    before_ = machine.peek(workload_.path);
    const std::string failed = workload_.call(machine);
    after_ = machine.peek(workload_.path);
    if (failed.empty() && after_) return;
    std::cerr << workload_.name << " fails without a crash: " << failed << '\n';
    std::exit(2);
  }

  [[nodiscard]] const std::string& name() const noexcept override { return workload_.name; }
  [[nodiscard]] std::unique_ptr<Scenario> clone() const override { return std::make_unique<ResultScenario>(*this); }
  [[nodiscard]] DiskImage start() const override { return workload_.start; }
  void lose_power() override {}
  [[nodiscard]] std::uint64_t notes_hash() const override { return is_acknowledged_ ? 1 : 0; }

  void work(World& world) override {
    const std::string failed = workload_.call(world.file_system);
    if (world.is_dead) return;
    is_acknowledged_ = failed.empty();
    if (!failed.empty() && !world.is_faulty) world.violated(Invariant::error_is_documented, failed);
  }

  void recover(World& world) override {
    const std::optional<std::string> there = world.machine.peek(workload_.path);
    if (there != after_ && there != before_) {
      world.violated(Invariant::whole_or_absent, there ? std::to_string(there->size()) + " bytes" : "absent");
    } else if (is_acknowledged_ && there != after_) {
      world.violated(Invariant::acknowledged_is_there, "the result is not there");
    }
    if (workload_.also) {
      if (const std::string wrong = workload_.also(world.file_system); !wrong.empty()) {
        world.violated(Invariant::recovered_stays, wrong);
      }
    }
    if (world.is_last || there == after_) return;
    const std::string failed = workload_.call(world.file_system);  // "run it again"
    is_acknowledged_ = failed.empty();
    if (!failed.empty()) world.violated(Invariant::appends_go_on, failed);
  }

 private:
  ResultWorkload workload_;
  std::optional<std::string> before_;
  std::optional<std::string> after_;
  bool is_acknowledged_ = false;
};

const std::map<std::string, std::string>& contents() {
  static const std::map<std::string, std::string> all = {
      {"k1", payload_of(1, 300)}, {"k2", payload_of(2, 500)}, {"k3", payload_of(3, 20)}, {"", payload_of(4, 700)}};
  return all;
}

DiskImage disk_with_store() {
  SimFileSystem machine;
  Result<DataWal> store = DataWal::open("/store", {.file_system = &machine});
  bool is_good = store.has_value();
  for (const auto& [key, value] : contents()) {
    is_good = is_good && store->put(key, "older").has_value() && store->put(key, value).has_value();
  }
  is_good = is_good && store->close().has_value();
  if (!is_good) std::abort();
  return machine.shut_down();
}

/// Calls `call(store)` on the store; the message of what fails.
template <class Call>
std::string with_store(FileSystem& file_system, const std::string& directory, Call call) {
  const Result<DataWal> store = DataWal::open(directory, {.file_system = &file_system});
  if (!store) return store.error().message();
  const auto done = call(*store);
  return done ? std::string() : done.error().message();
}

std::string check_source(FileSystem& file_system) {
  std::string wrong;
  const std::string failed = with_store(file_system, "/store", [&](const DataWal& store) {
    auto items = store.items();
    if (items && std::map<std::string, std::string>(items->begin(), items->end()) != contents()) {
      wrong = "the source has changed";
    }
    return items;
  });
  return failed + wrong;
}

std::string compact(FileSystem& file_system) {
  return with_store(file_system, "/store", [](const DataWal& store) { return store.compact_to("/deep/target"); });
}

std::string export_lines(FileSystem& file_system) {
  return with_store(file_system, "/store", [](const DataWal& store) { return store.export_jsonl("/out.jsonl"); });
}

DiskImage disk_with_file(const std::string& content) {
  SimFileSystem machine;
  if (!safeatomic::write_atomic("/file", content, {.file_system = &machine})) std::abort();
  return machine.shut_down();
}

template <class T>
std::string message_of(const safeatomic::Result<T>& result) {
  return result ? std::string() : result.error().message();
}

}  // namespace

std::unique_ptr<Scenario> make_result_scenario(ResultWorkload workload) {
  return std::make_unique<ResultScenario>(std::move(workload));
}

Scenarios result_scenarios() {
  const std::string text = payload_of(7, 1700);
  const DiskImage store = disk_with_store();
  SimFileSystem exported(store);
  if (!safeatomic::write_atomic("/out.jsonl", "an older export", {.file_system = &exported})) std::abort();
  const std::vector<ResultWorkload> workloads = {
      {.name = "compact_to",
       .start = store,
       .call = compact,
       .path = "/deep/target/00000001.dwal",
       .also = check_source},
      {.name = "export",
       .start = exported.shut_down(),
       .call = export_lines,
       .path = "/out.jsonl",
       .also = check_source},
      {.name = "write_atomic",
       .start = disk_with_file("old"),
       .call =
           [text](FileSystem& fs) { return message_of(safeatomic::write_atomic("/file", text, {.file_system = &fs})); },
       .path = "/file"},
      {.name = "write_once",
       .start = {},
       .call =
           [text](FileSystem& fs) { return message_of(safeatomic::write_once("/file", text, {.file_system = &fs})); },
       .path = "/file"},
      {.name = "write_once_with_parents",
       .start = {},
       .call =
           [text](FileSystem& fs) {
             return message_of(safeatomic::write_once_with_parents("/a/b/file", text, {.file_system = &fs}));
           },
       .path = "/a/b/file"},
  };
  Scenarios all;
  for (const ResultWorkload& workload : workloads) all.push_back(make_result_scenario(workload));
  return all;
}

}  // namespace datawal::crash
