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
  machine.start_process();
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
  machine.start_process();
  const auto top_again = value_of(machine.open_directory("/"));
  EXPECT_TRUE(value_of(top_again->try_lock()));
  EXPECT_TRUE(value_of(value_of(top_again->open_file("f", {.write = true}))->try_lock(LockKind::record)));
}

TEST(SimKill, LeavesNothingToBeOpenedUntilTheNextProcessStarts) {
  SimFileSystem machine;
  auto top = value_of(machine.open_directory("/"));
  durable_file(*top, "f", "abc");
  machine.set_hook(fault_at(OpKind::list, 1, Fault::process_kill));
  EXPECT_FALSE(top->list());
  const std::uint64_t operations = machine.ordinal();
  EXPECT_TRUE(failed_with(Errc::io, machine.open_directory("/"))) << "a fresh handle of the killed program";
  EXPECT_TRUE(failed_with(Errc::io, machine.random()));
  EXPECT_EQ(machine.ordinal(), operations) << "and nobody is asked";
  machine.start_process();
  EXPECT_FALSE(top->list()) << "the old handle stays dead";
  top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(value_of(top->open_file("f", {})));
  machine.start_process();
  EXPECT_TRUE(top->list()) << "nobody was killed";
}

TEST(SimDroppedCache, ShowsTheOldBytesAgainAfterAFailedSync) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "old");
  const auto mapping = value_of(file->map(MapAccess::read, 0, 4096));
  EXPECT_TRUE(succeeded(write_all(*file, 0, "newer")));
  machine.set_hook(fault_at(OpKind::sync_data, 1, Fault::eio_dropped));
  EXPECT_TRUE(failed_with(Errc::io, file->sync_data()));
  std::string read(5, '?');
  EXPECT_EQ(value_of(read_all(*file, 0, read)), 5U) << "the size stays while it is open";
  EXPECT_EQ(read, std::string("old\0\0", 5));
  EXPECT_EQ(mapping->bytes().substr(0, 5), read);
  EXPECT_TRUE(succeeded(file->sync_data()));
  const std::set<std::string> left = outcomes_of(machine, "/f");
  EXPECT_FALSE(left.contains("newer")) << "what a reader has seen is what the disk holds";
}

TEST(SimDroppedCache, TakesTheSizeOnceNobodyHasTheFileOpen) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  auto file = durable_file(*top, "f", "old");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "newer")));
  machine.set_hook(fault_at(OpKind::sync_data, 1, Fault::eio));
  EXPECT_FALSE(file->sync_data());
  EXPECT_EQ(machine.peek("/f"), "newer");
  machine.drop_caches();
  EXPECT_EQ(machine.peek("/f"), std::string("old\0\0", 5));
  file.reset();
  machine.drop_caches();
  EXPECT_EQ(machine.peek("/f"), "old");
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"old"});
}

TEST(SimDroppedCache, KeepsWhatIsDirty) {
  SimFileSystem machine;
  const auto file = durable_file(*value_of(machine.open_directory("/")), "f", "old");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "newer")));
  machine.drop_caches();
  EXPECT_EQ(machine.peek("/f"), "newer");
  EXPECT_TRUE(succeeded(file->sync_data()));
  machine.drop_caches();
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"newer"});
}

// The program of which many exist: it believes that a sync which failed has succeeded if the bytes can be read.
TEST(SimDroppedCache, FailsWhoeverVerifiesByReadingBack) {
  SimFileSystem machine;
  const auto file = durable_file(*value_of(machine.open_directory("/")), "f", "old");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "new")));
  machine.set_hook(fault_at(OpKind::sync_data, 1, Fault::eio_dropped));
  bool is_believed = file->sync_data().has_value();
  std::string read(3, '?');
  is_believed = is_believed || (read_all(*file, 0, read) && read == "new");
  EXPECT_FALSE(is_believed);
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
