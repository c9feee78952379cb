#include "crash/repair_scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <datawal/format.hpp>
#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "crash/notes.hpp"

namespace datawal::crash {

namespace {

using safeatomic::sim::DiskImage;
using safeatomic::sim::SimFileSystem;

const std::string directory = "/store";

/// What must remain of a damaged store: the records before the damage, and every byte behind it.
struct Remains {
  std::vector<std::string> payloads;
  std::vector<std::string> cut;  // contents of the quarantine files
  std::uint64_t last_txid = 0;   // of all that is there
};

Remains remains_of(const SimFileSystem& machine) {
  Remains remains;
  bool is_damaged = false;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    const std::string content = machine.peek(directory + "/" + segment::filename(id)).value_or("");
    std::string_view rest = content;
    while (const format::DecodeOutcome outcome = format::decode_next(rest)) {
      remains.last_txid = std::max(remains.last_txid, outcome.record.txid);
      if (!is_damaged) remains.payloads.emplace_back(outcome.record.payload);
      rest.remove_prefix(outcome.record.len);
    }
    if (is_damaged) {
      remains.cut.push_back(content);
    } else if (!rest.empty()) {
      is_damaged = true;
      remains.cut.emplace_back(rest);
    }
  }
  return remains;
}

class RepairScenario final : public Scenario {
 public:
  RepairScenario(std::string name, DiskImage start)
      : name_(std::move(name)), start_(std::move(start)), remains_(remains_of(SimFileSystem(start_))) {}

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::unique_ptr<Scenario> clone() const override { return std::make_unique<RepairScenario>(*this); }
  [[nodiscard]] DiskImage start() const override { return start_; }
  void lose_power() override {}
  [[nodiscard]] std::uint64_t notes_hash() const override { return is_acknowledged_ ? 1 : 0; }

  void work(World& world) override {
    const Result<RepairReport> report = repair(directory, {.file_system = &world.file_system});
    if (world.is_dead) return;
    is_acknowledged_ = report.has_value();
    if (report) check_no_state(world);
    if (report) return;
    const bool is_known = report.error().code == Errc::io || report.error().code == Errc::no_space;
    if (!is_known || !world.is_faulty) world.violated(Invariant::error_is_documented, report.error().message());
  }

  void recover(World& world) override {
    if (!is_acknowledged_) {  // "run repair again"
      const Result<RepairReport> report = repair(directory, {.file_system = &world.file_system});
      if (!report) {
        world.violated(Invariant::open_succeeds, "repair: " + report.error().message());
        return;
      }
      is_acknowledged_ = true;
      check_no_state(world);
    }
    Result<RecordLog> log = RecordLog::open(
        directory, {.state = {.is_enabled = true, .least_bytes = 1}, .file_system = &world.file_system});
    if (!log) {
      world.violated(Invariant::open_succeeds, log.error().message());
      return;
    }
    check(*log, world);
  }

 private:
  // What it describes is not there any more.
  static void check_no_state(World& world) {
    if (world.machine.peek(directory + "/.state")) {
      world.violated(Invariant::nothing_is_fabricated, "the state of the damaged store is still there");
    }
  }

  void check(RecordLog& log, World& world) const {
    const Result<std::vector<Record>> records = log.scan();
    std::vector<std::string> payloads;
    if (records) {
      for (const Record& record : *records) payloads.push_back(record.payload);
    }
    // A record that an earlier recovery of this store has appended may stand behind.
    if (payloads.size() > remains_.payloads.size() && payloads.back() == "behind") payloads.pop_back();
    if (payloads != remains_.payloads) {
      world.violated(Invariant::prefix_is_unaltered,
                     std::to_string(payloads.size()) + " records, not " + std::to_string(remains_.payloads.size()));
    }
    for (const std::string& bytes : remains_.cut) {
      const std::vector<std::string> names = world.machine.peek_names(directory);
      const bool is_kept = std::ranges::any_of(names, [&](const std::string& file) {
        return file.find(".torn-") != std::string::npos &&
               world.machine.peek(std::filesystem::path(directory) / file) == bytes;
      });
      if (!is_kept) world.violated(Invariant::cut_bytes_are_kept, std::to_string(bytes.size()) + " bytes");
    }
    if (world.is_last) return;
    const Result<RecordRef> appended = log.append("behind", {.sync = true});
    if (!appended) {
      world.violated(Invariant::appends_go_on, appended.error().message());
    } else if (appended->txid <= remains_.last_txid) {
      world.violated(Invariant::nothing_is_fabricated, "txid " + std::to_string(appended->txid) + " was used before");
    }
  }

  std::string name_;
  DiskImage start_;
  Remains remains_;
  bool is_acknowledged_ = false;
};

}  // namespace

DiskImage damaged_disk(std::uint32_t segment, std::uint64_t offset, bool has_state) {
  SimFileSystem machine;
  {
    Result<RecordLog> log = RecordLog::open(
        directory, {.state = {.is_enabled = has_state, .least_bytes = 1}, .file_system = &machine});
    bool is_good = log.has_value();
    for (const std::size_t size : {300U, 900U, 40U, 700U, 60U, 500U}) {
      is_good = is_good && log->append(payload_of(size, size)) && (size != 40U || log->rotate()) &&
                (size != 60U || log->rotate());
    }
    if (!is_good || !log->close()) std::abort();
  }
  const auto store = machine.open_directory(directory);
  const auto file = (*store)->open_file(segment::filename(segment), {.write = true});
  if (!file || !safeatomic::write_all(**file, offset, "X") || !(*file)->sync_all()) std::abort();
  return machine.shut_down();
}

Scenarios repair_scenarios() {
  Scenarios all;
  all.push_back(std::make_unique<RepairScenario>("repair", damaged_disk(1, 400)));
  all.push_back(std::make_unique<RepairScenario>("repair_middle", damaged_disk(2, 60)));
  all.push_back(std::make_unique<RepairScenario>("repair_active", damaged_disk(3, 0)));
  all.push_back(std::make_unique<RepairScenario>("repair_state", damaged_disk(3, 60, true)));
  all.push_back(std::make_unique<RepairScenario>("repair_state_sealed", damaged_disk(2, 60, true)));
  all.push_back(make_salvage_scenario());
  return all;
}

}  // namespace datawal::crash
