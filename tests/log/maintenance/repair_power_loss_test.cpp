// A repair that has returned survives a loss of power, also if it found nothing left to do.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>
#include <safeatomic/sim.hpp>

namespace datawal {
namespace {

using safeatomic::sim::Choice;
using safeatomic::sim::DiskImage;
using safeatomic::sim::Fault;
using safeatomic::sim::Operation;
using safeatomic::sim::PowerLoss;
using safeatomic::sim::SimFileSystem;

constexpr const char* dir = "/store";

/// Two segments, the magic of one record overwritten.
DiskImage damaged_store(std::uint32_t damaged_segment) {
  SimFileSystem machine;
  {
    Result<RecordLog> log = RecordLog::open(dir, {.file_system = &machine});
    EXPECT_TRUE(log && log->append("one") && log->append("two") && log->rotate() && log->append("three"));
    EXPECT_TRUE(log->close());
  }
  const auto store = machine.open_directory(dir);
  const auto file = (*store)->open_file(segment::filename(damaged_segment), {.write = true});
  EXPECT_TRUE(safeatomic::write_all(**file, 0, "X") && (*file)->sync_all());
  return machine.shut_down();
}

/// Neither or all of what is undecided lands.
void expect_open_after_power_loss(const SimFileSystem& machine, std::uint64_t killed_before) {
  const PowerLoss loss(machine);
  for (const bool lands : {false, true}) {
    Choice choice;
    for (const auto& one : loss.undecided()) choice.push_back(lands ? one.options - 1 : 0);
    SimFileSystem after(loss.outcome(choice));
    const Result<RecordLog> log = RecordLog::open(dir, {.file_system = &after});
    EXPECT_TRUE(log) << "killed before operation " << killed_before << ": " << log.error().message();
  }
}

TEST(RepairPowerLoss, KeepsWhatARunAgainAfterAKillFoundDone) {
  for (const std::uint32_t damaged : {1U, 2U}) {
    const DiskImage disk = damaged_store(damaged);
    for (std::uint64_t ordinal = 1;; ++ordinal) {
      SimFileSystem machine(disk);
      machine.set_hook([&](const Operation& op) { return op.ordinal == ordinal ? Fault::process_kill : Fault::none; });
      (void)repair(dir, {.file_system = &machine});
      if (machine.ordinal() < ordinal) break;
      machine.start_process();
      ASSERT_TRUE(repair(dir, {.file_system = &machine}));
      expect_open_after_power_loss(machine, ordinal);
    }
  }
}

}  // namespace
}  // namespace datawal
