// Salvage: "remove OUT, run it again", until it has said that it is done.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/segment.hpp>

#include "crash/repair_scenario.hpp"

namespace datawal::crash {

namespace {

using safeatomic::sim::DiskImage;
using safeatomic::sim::SimFileSystem;

const std::string source = "/store";
const std::string target = "/salvaged";

/// Every segment, one behind the other.
std::string bytes_of(const SimFileSystem& machine, const std::string& directory) {
  std::string bytes;
  for (const std::string& name : machine.peek_names(directory)) {
    if (segment::parse_filename(name)) bytes += machine.peek(std::filesystem::path(directory) / name).value_or("");
  }
  return bytes;
}

bool remove_target(World& world) {
  const auto root = world.machine.open_directory("/");
  if (!root) return false;
  for (const std::string& name : world.machine.peek_names(target)) {
    const auto directory = world.machine.open_directory(target);
    if (!directory || !(*directory)->unlink(name)) return false;
  }
  return !world.machine.open_directory(target) || (*root)->remove_directory(target.substr(1)).has_value();
}

class SalvageScenario final : public Scenario {
 public:
  SalvageScenario() : start_(damaged_disk(2, 60)) {
    SimFileSystem machine(start_);
    source_ = bytes_of(machine, source);
    const bool is_done = salvage(source, target, {.file_system = &machine}).has_value();
    expected_ = is_done ? bytes_of(machine, target) : std::string();
  }

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::unique_ptr<Scenario> clone() const override { return std::make_unique<SalvageScenario>(*this); }
  [[nodiscard]] DiskImage start() const override { return start_; }
  void lose_power() override {}
  [[nodiscard]] std::uint64_t notes_hash() const override { return is_acknowledged_ ? 1 : 0; }

  void work(World& world) override {
    const Result<SalvageReport> report = salvage(source, target, {.file_system = &world.file_system});
    if (world.is_dead) return;
    is_acknowledged_ = report.has_value();
    if (report) return;
    const bool is_known = report.error().code == Errc::io || report.error().code == Errc::no_space;
    if (!is_known || !world.is_faulty) world.violated(Invariant::error_is_documented, report.error().message());
  }

  void recover(World& world) override {
    if (bytes_of(world.machine, source) != source_) {
      world.violated(Invariant::recovered_stays, "the damaged store has changed");
    }
    if (!is_acknowledged_) {
      if (!remove_target(world)) world.violated(Invariant::open_succeeds, "the target cannot be removed");
      const Result<SalvageReport> report = salvage(source, target, {.file_system = &world.file_system});
      if (!report) {
        world.violated(Invariant::open_succeeds, "salvage: " + report.error().message());
        return;
      }
      is_acknowledged_ = true;
    }
    if (bytes_of(world.machine, target) != expected_ || expected_.empty()) {
      world.violated(Invariant::acknowledged_is_there, "salvaged records are missing");
    }
    if (world.is_last) return;
    const Result<RecordLog> log = RecordLog::open(target, {.file_system = &world.file_system});
    if (!log) world.violated(Invariant::open_succeeds, log.error().message());
  }

 private:
  std::string name_ = "salvage";
  DiskImage start_;
  std::string source_;
  std::string expected_;
  bool is_acknowledged_ = false;
};

}  // namespace

std::unique_ptr<Scenario> make_salvage_scenario() { return std::make_unique<SalvageScenario>(); }

}  // namespace datawal::crash
