// Faults, failed syncs, killed processes.

#include <cerrno>

#include "sim_support.hpp"

namespace safeatomic::test {
namespace {

using Contents = std::set<std::string>;

TEST(SimFailedSync, LeavesPagesCleanThatAreNotOnTheDisk) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "old");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "new")));
  machine.set_hook(fault_at(OpKind::sync_data, 1, Fault::eio));
  EXPECT_TRUE(failed_with(Errc::io, file->sync_data()));
  EXPECT_TRUE(succeeded(file->sync_data())) << "nothing is dirty";
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"old", "new"})) << "and nothing was written";
  EXPECT_EQ(machine.peek("/f"), "new");
}

TEST(SimFailedSync, WritingTheSameBytesAgainMakesThemDirty) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "old");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "longer")));
  machine.set_hook(fault_at(OpKind::sync_data, 1, Fault::eio));
  EXPECT_FALSE(file->sync_data());
  EXPECT_TRUE(succeeded(write_all(*file, 0, "longer")));
  EXPECT_TRUE(succeeded(file->sync_data()));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"longer"});
}

TEST(SimFailedSync, StaysBelievedAfterTheProcessWasKilled) {
  SimFileSystem machine;
  auto top = value_of(machine.open_directory("/"));
  auto file = durable_file(*top, "f", "old");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "new")));
  machine.set_hook(fault_at(OpKind::sync_data, 1, Fault::eio));
  EXPECT_FALSE(file->sync_data());
  machine.process_kill();
  top = value_of(machine.open_directory("/"));
  file = value_of(top->open_file("f", {.write = true}));
  EXPECT_TRUE(succeeded(file->sync_data()));
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"old", "new"}));
}

TEST(SimFailedSync, KeepsACutToBeWritten) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "long");
  EXPECT_TRUE(succeeded(file->truncate(1)));
  machine.set_hook(fault_at(OpKind::sync_data, 1, Fault::eio));
  EXPECT_FALSE(file->sync_data());
  EXPECT_TRUE(succeeded(file->sync_data()));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"l"});
}

TEST(SimKill, DropsLocksAndKeepsWhatWasWritten) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "abc");
  ASSERT_TRUE(value_of(top->try_lock()));
  ASSERT_TRUE(value_of(file->try_lock(LockKind::record)));
  EXPECT_TRUE(succeeded(write_all(*file, 3, "d")));
  machine.process_kill();
  EXPECT_FALSE(write_all(*file, 4, "e"));
  EXPECT_FALSE(file->sync_data());
  EXPECT_EQ(machine.peek("/f"), "abcd");
  const auto top_again = value_of(machine.open_directory("/"));
  EXPECT_TRUE(value_of(top_again->try_lock()));
  EXPECT_TRUE(value_of(value_of(top_again->open_file("f", {.write = true}))->try_lock(LockKind::record)));
}

TEST(SimPowerFault, StopsTheMachineBeforeTheOperation) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "abc");
  machine.set_hook(fault_at(OpKind::write, 1, Fault::power_loss));
  EXPECT_FALSE(write_all(*file, 0, "x"));
  EXPECT_TRUE(machine.is_power_lost());
  EXPECT_FALSE(file->info());
  EXPECT_FALSE(machine.open_directory("/"));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"abc"});
}

TEST(SimFault, DoesAWriteThatFailsWithEioAndHalfOfOneThatFindsNoRoom) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "");
  machine.set_hook(fault_at(OpKind::write, 1, Fault::eio));
  EXPECT_TRUE(failed_with(Errc::io, write_all(*file, 0, "whole")));
  EXPECT_EQ(machine.peek("/f"), "whole");
  machine.set_hook(fault_at(OpKind::write, 1, Fault::enospc));
  EXPECT_TRUE(failed_with(Errc::no_space, write_all(*file, 5, "half")));
  EXPECT_EQ(machine.peek("/f"), "wholeha");
}

TEST(SimFault, LetsLoopsOverShortAndInterruptedCallsGoOn) {
  for (const Fault fault : {Fault::short_write, Fault::interrupted}) {
    SimFileSystem machine;
    const auto top = value_of(machine.open_directory("/"));
    const auto file = durable_file(*top, "f", "");
    machine.set_hook(fault_at(OpKind::write, 1, fault));
    EXPECT_TRUE(succeeded(write_all(*file, 0, "content")));
    machine.set_hook(fault_at(OpKind::read, 1, fault));
    std::string read(7, '\0');
    EXPECT_EQ(value_of(read_all(*file, 0, read)), 7U);
    EXPECT_EQ(read, "content");
  }
}

TEST(SimFault, AReservationWithoutRoomMayHaveGrownTheFile) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "");
  machine.set_hook(fault_at(OpKind::reserve, 1, Fault::enospc));
  EXPECT_TRUE(failed_with(Errc::no_space, file->reserve(0, 8192)));
  EXPECT_EQ(value_of(file->info()).size, 4096U);
}

TEST(SimFault, OrdinalsCountEveryOperationFromOne) {
  SimFileSystem machine;
  std::vector<std::uint64_t> seen;
  machine.set_hook([&seen](const Operation& op) {
    seen.push_back(op.ordinal);
    return Fault::none;
  });
  const auto top = value_of(machine.open_directory("/"));
  static_cast<void>(value_of(top->list()));
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(machine.ordinal(), 2U);
}

TEST(SimFault, AMachineStartsFromADiskWithoutChangingIt) {
  SimFileSystem machine;
  durable_file(*value_of(machine.open_directory("/")), "f", "abc");
  const DiskImage disk = machine.shut_down();
  SimFileSystem other(disk);
  const auto top = value_of(other.open_directory("/"));
  EXPECT_TRUE(succeeded(top->unlink("f")));
  EXPECT_EQ(SimFileSystem(disk).peek("/f"), "abc");
  EXPECT_EQ(other.peek("/f"), std::nullopt);
}

}  // namespace
}  // namespace safeatomic::test
