// What a loss of power may leave, in each of the three models.

#include <algorithm>
#include <string_view>

#include "sim_support.hpp"

namespace safeatomic::test {
namespace {

using Contents = std::set<std::string>;

const std::string first_sector(512, 'a');
const std::string second_sector(512, 'b');

TEST(SimPowerLoss, TakesNothingThatWasSynced) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  durable_file(*top, "f", "content");
  EXPECT_TRUE(PowerLoss(machine).undecided().empty());
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"content"});
}

TEST(SimPowerLoss, MayTakeANameWhoseDirectoryWasNotSynced) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = value_of(top->open_file("f", {.write = true, .create = true}));
  EXPECT_TRUE(succeeded(write_all(*file, 0, "abc")));
  EXPECT_TRUE(succeeded(file->sync_all()));
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"<absent>", "abc"}));
  EXPECT_TRUE(succeeded(top->sync()));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"abc"});
}

TEST(SimPowerLoss, LandsSectorsAndSizesInEveryCombinationIfArbitrary) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "");
  EXPECT_TRUE(succeeded(write_all(*file, 0, first_sector + second_sector)));
  const std::string zeros(512, '\0');
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"", zeros, first_sector, zeros + zeros, first_sector + zeros,
                                                  zeros + second_sector, first_sector + second_sector}));
}

TEST(SimPowerLoss, NeverReachesBeyondLandedDataIfOrdered) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "abc")));
  EXPECT_TRUE(succeeded(write_all(*file, 3, "def")));
  EXPECT_EQ(outcomes_of(machine, "/f", LossModel::ordered), (Contents{"", "abc", "abcdef"}));
}

TEST(SimPowerLoss, LandsEntriesAsAPrefixInTimeIfOrdered) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  for (const char* name : {"1", "2", "3"}) {
    static_cast<void>(value_of(top->open_file(name, {.write = true, .create = true})));
  }
  const PowerLoss loss(machine);
  std::set<std::vector<std::string>> names;
  Choice choice(loss.undecided().size(), 0);
  do {
    if (loss.is_possible(choice, LossModel::ordered)) names.insert(SimFileSystem(loss.outcome(choice)).peek_names("/"));
  } while (next_choice(choice, loss));
  EXPECT_EQ(names, (std::set<std::vector<std::string>>{{}, {"1"}, {"1", "2"}, {"1", "2", "3"}}));
}

TEST(SimPowerLoss, LandsEverythingBeforeAnInstantIfPrefix) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", std::string(1024, '.'));
  EXPECT_TRUE(succeeded(write_all(*file, 0, first_sector)));
  EXPECT_TRUE(succeeded(write_all(*file, 512, second_sector)));
  const std::string dots(512, '.');
  EXPECT_EQ(outcomes_of(machine, "/f", LossModel::prefix),
            (Contents{dots + dots, first_sector + dots, first_sector + second_sector}));
}

TEST(SimPowerLoss, MayLeaveAnyStateThatASectorHadSinceItsSync) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "0");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "1")));
  EXPECT_TRUE(succeeded(write_all(*file, 0, "2")));
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"0", "1", "2"}));
}

TEST(SimPowerLoss, KeepsASectorThatIsGivenTheBytesItHas) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "same");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "same")));
  EXPECT_TRUE(PowerLoss(machine).undecided().empty());
}

TEST(SimPowerLoss, SeesStoresToAMapping) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", std::string(4096, '.'));
  value_of(file->map(MapAccess::read_write, 0, 4096))->write(600, "stored");
  EXPECT_EQ(outcomes_of(machine, "/f").size(), 2U);
  EXPECT_TRUE(succeeded(file->sync_data()));
  EXPECT_EQ(machine.peek("/f")->substr(600, 6), "stored");
  EXPECT_EQ(outcomes_of(machine, "/f").size(), 1U);
}

TEST(SimPowerLoss, MakesAReservationASizeThatMayBeLost) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "abc");
  EXPECT_TRUE(succeeded(file->reserve(0, 10)));
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"abc", "abc" + std::string(7, '\0')}));
}

TEST(SimPowerLoss, MayBringBackWhatWasCutButNotSynced) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", first_sector + second_sector);
  EXPECT_TRUE(succeeded(file->truncate(512)));
  EXPECT_TRUE(outcomes_of(machine, "/f").contains(first_sector + second_sector));
  EXPECT_TRUE(succeeded(file->sync_data()));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{first_sector});
  EXPECT_TRUE(succeeded(file->truncate(1024)));
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{first_sector, first_sector + std::string(512, '\0')}));
}

TEST(SimPowerLoss, RenamesOverANameAsOneChange) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  durable_file(*top, "old", "old");
  durable_file(*top, "new", "new");
  EXPECT_TRUE(succeeded(top->rename("new", *top, "old", RenameMode::replace)));
  EXPECT_EQ(outcomes_of(machine, "/old"), (Contents{"old", "new"}));
}

TEST(SimPowerLoss, TakesWhatLiesInADirectoryThatIsLost) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("d", 0700)));
  const auto below = value_of(top->open_directory("d"));
  durable_file(*below, "f", "abc");
  EXPECT_EQ(outcomes_of(machine, "/d/f"), (Contents{"<absent>", "abc"}));
  EXPECT_TRUE(succeeded(top->sync()));
  EXPECT_EQ(outcomes_of(machine, "/d/f"), Contents{"abc"});
}

TEST(SimPowerLoss, SyncingTheTargetOfARenameMayLeaveBothNames) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("d", 0700)));
  EXPECT_TRUE(succeeded(top->sync()));
  durable_file(*top, "f", "abc");
  const auto below = value_of(top->open_directory("d"));
  EXPECT_TRUE(succeeded(top->rename("f", *below, "g", RenameMode::replace)));
  EXPECT_TRUE(succeeded(below->sync()));
  EXPECT_EQ(outcomes_of(machine, "/d/g"), Contents{"abc"});
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"<absent>", "abc"}));
}

TEST(SimPowerLoss, LeavesOutFilesThatHaveNoNameThatIsSeen) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(write_all(*durable_file(*top, "seen", ""), 0, "a")));
  EXPECT_TRUE(succeeded(write_all(*durable_file(*top, "hidden", ""), 0, "b")));
  const PowerLoss loss(machine);
  const Choice choice(loss.undecided().size(), 0);
  for (const std::size_t i : loss.seen(choice, [](std::string_view name) { return name == "seen"; })) {
    EXPECT_EQ(loss.undecided()[i].name, "seen");
  }
  EXPECT_EQ(loss.seen(choice, [](std::string_view name) { return name == "seen"; }).size(), 2U) << "size and sector";
}

TEST(SimPowerLoss, LeavesOutWhatLiesInADirectoryThatIsNotSeen) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("hidden", 0700)));
  EXPECT_TRUE(succeeded(top->sync()));
  const auto below = value_of(top->open_directory("hidden"));
  EXPECT_TRUE(succeeded(write_all(*durable_file(*below, "f", ""), 0, "a")));
  const PowerLoss loss(machine);
  const Choice choice(loss.undecided().size(), 0);
  EXPECT_EQ(loss.seen(choice, [](std::string_view) { return true; }).size(), 2U) << "size and sector";
  EXPECT_TRUE(loss.seen(choice, [](std::string_view name) { return name != "hidden"; }).empty());
}

TEST(SimPowerLoss, NamesEveryOutcomeOfTheModelPrefix) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "abc");
  EXPECT_TRUE(succeeded(write_all(*file, 0, "x")));
  EXPECT_TRUE(succeeded(top->rename("f", *top, "g", RenameMode::replace)));
  EXPECT_TRUE(succeeded(write_all(*file, 3, first_sector)));
  EXPECT_TRUE(succeeded(write_all(*file, 0, "y")));
  const PowerLoss loss(machine);
  const std::vector<Choice> prefixes = loss.prefixes();
  const std::set<Choice> named(prefixes.begin(), prefixes.end());
  std::set<Choice> possible;
  Choice choice(loss.undecided().size(), 0);
  do {
    if (loss.is_possible(choice, LossModel::prefix)) possible.insert(choice);
  } while (next_choice(choice, loss));
  EXPECT_EQ(named, possible);
  EXPECT_EQ(prefixes.front(), Choice(choice.size(), 0));
  EXPECT_EQ(SimFileSystem(loss.outcome(prefixes.back())).peek("/g"), machine.peek("/g"));
}

/// The names of the root and their permissions, for each outcome of the model `prefix`, the oldest first.
std::vector<std::string> modes_of_prefixes(const SimFileSystem& machine) {
  std::vector<std::string> all;
  const PowerLoss loss(machine);
  for (const Choice& choice : loss.prefixes()) {
    EXPECT_TRUE(loss.is_possible(choice, LossModel::prefix));
    SimFileSystem after(loss.outcome(choice));
    const auto top = value_of(after.open_directory("/"));
    std::string& text = all.emplace_back();
    for (const std::string& name : value_of(top->list())) {
      text += name + (value_of(top->info_of(name)).mode == 0600 ? " 0600 " : " wide ");
    }
  }
  return all;
}

TEST(SimPowerLoss, GivesTheOldPermissionsUntilTheyAreNarrowed) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "new", "secret");
  EXPECT_TRUE(succeeded(machine.change_mode("/new", 0644)));
  EXPECT_TRUE(succeeded(file->sync_all()));
  EXPECT_TRUE(succeeded(file->copy_ownership({.mode = 0600})));
  EXPECT_TRUE(succeeded(top->rename("new", *top, "f", RenameMode::replace)));
  EXPECT_EQ(modes_of_prefixes(machine), (std::vector<std::string>{"new wide ", "new 0600 ", "f 0600 "}));
}

TEST(SimPowerLoss, ShowsANameThatGotItsPermissionsTooLate) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "new", "secret");
  EXPECT_TRUE(succeeded(machine.change_mode("/new", 0644)));
  EXPECT_TRUE(succeeded(file->sync_all()));
  EXPECT_TRUE(succeeded(top->rename("new", *top, "f", RenameMode::replace)));
  EXPECT_TRUE(succeeded(file->copy_ownership({.mode = 0600})));
  EXPECT_EQ(modes_of_prefixes(machine), (std::vector<std::string>{"new wide ", "f wide ", "f 0600 "}));
}

TEST(SimPowerLoss, KeepsPermissionsThatWereSyncedAlone) {
  SimFileSystem machine;
  durable_file(*value_of(machine.open_directory("/")), "f", "abc");
  SimFileSystem again(machine.shut_down());
  const auto top = value_of(again.open_directory("/"));
  const auto file = value_of(top->open_file("f", {.write = true}));
  EXPECT_TRUE(succeeded(file->copy_ownership({.mode = 0640})));
  EXPECT_TRUE(succeeded(file->sync_all()));
  EXPECT_TRUE(PowerLoss(again).undecided().empty());
  SimFileSystem after(again.shut_down());
  EXPECT_EQ(value_of(value_of(after.open_directory("/"))->info_of("f")).mode, 0640U);
}

TEST(SimPowerLoss, MayTakeThePermissionsOfADirectory) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("d", 0755)));
  EXPECT_TRUE(succeeded(top->sync()));
  const auto below = value_of(top->open_directory("d"));
  EXPECT_TRUE(succeeded(machine.change_mode("/d", 0700)));
  EXPECT_EQ(value_of(below->info()).mode, 0700U);
  std::set<std::uint32_t> modes;
  for_each_outcome(machine, LossModel::arbitrary, [&](const DiskImage& disk) {
    SimFileSystem after(disk);
    modes.insert(value_of(value_of(after.open_directory("/"))->info_of("d")).mode);
  });
  EXPECT_EQ(modes, (std::set<std::uint32_t>{0755, 0700}));
  EXPECT_TRUE(succeeded(below->sync()));
  EXPECT_TRUE(PowerLoss(machine).undecided().empty());
}

/// In how many places "d" may lie, over all outcomes.
std::set<std::size_t> place_counts(const SimFileSystem& machine) {
  std::set<std::size_t> counts;
  for_each_outcome(machine, LossModel::arbitrary, [&](const DiskImage& disk) {
    const SimFileSystem after(disk);
    std::size_t count = 0;
    for (const char* parent : {"/a", "/b", "/c"}) {
      const std::vector<std::string> names = after.peek_names(parent);
      count += static_cast<std::size_t>(std::ranges::count(names, "d"));
    }
    counts.insert(count);
  });
  return counts;
}

TEST(SimPowerLoss, LeavesADirectoryInOnePlace) {
  for (const std::string_view synced : {"", "a", "b", "c"}) {
    SimFileSystem machine;
    const auto top = value_of(machine.open_directory("/"));
    for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(succeeded(top->make_directory(name, 0700)));
    const auto a = value_of(top->open_directory("a"));
    const auto b = value_of(top->open_directory("b"));
    const auto c = value_of(top->open_directory("c"));
    EXPECT_TRUE(succeeded(a->make_directory("d", 0700)));
    EXPECT_TRUE(succeeded(a->sync()));
    EXPECT_TRUE(succeeded(top->sync()));
    EXPECT_TRUE(succeeded(a->rename("d", *b, "d", RenameMode::replace)));
    EXPECT_EQ(place_counts(machine), std::set<std::size_t>{1});
    EXPECT_TRUE(succeeded(b->rename("d", *c, "d", RenameMode::replace)));
    for (Directory* const one : {a.get(), b.get(), c.get()}) {
      if (one->path().filename() != synced) continue;
      EXPECT_TRUE(succeeded(one->sync()));
    }
    EXPECT_EQ(place_counts(machine), std::set<std::size_t>{1}) << "synced: " << synced;
    if (synced.empty()) continue;
    EXPECT_TRUE(PowerLoss(machine).undecided().empty()) << "the move is one change";
  }
}

TEST(SimPowerLoss, RefusesToMoveADirectoryBelowItself) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("d", 0700)));
  const auto below = value_of(top->open_directory("d"));
  EXPECT_TRUE(failed_with(Errc::io, top->rename("d", *below, "e", RenameMode::replace)));
}

/// As outcomes_of, on a disk whose free space holds what was written there before.
Contents outcomes_with_garbage(const SimFileSystem& machine, const std::string& path, LossModel model) {
  const PowerLoss loss(machine, {.garbage = true});
  Contents contents;
  for_each_outcome(loss, {.model = model}, [&](const Choice& choice) {
    contents.insert(SimFileSystem(loss.outcome(choice)).peek(path).value_or("<absent>"));
  });
  return contents;
}

TEST(SimGarbage, StandsInNewSectorsThatDidNotLand) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  durable_file(*top, "removed", second_sector);
  EXPECT_TRUE(succeeded(top->unlink("removed")));
  EXPECT_TRUE(succeeded(top->sync()));
  const auto file = durable_file(*top, "f", "");
  EXPECT_TRUE(succeeded(write_all(*file, 0, first_sector)));
  const std::string zeros(512, '\0');
  EXPECT_EQ(outcomes_of(machine, "/f"), (Contents{"", zeros, first_sector})) << "only if it is asked for";
  EXPECT_EQ(outcomes_with_garbage(machine, "/f", LossModel::arbitrary),
            (Contents{"", zeros, first_sector, second_sector}));
  EXPECT_EQ(outcomes_with_garbage(machine, "/f", LossModel::ordered), (Contents{"", first_sector}));
  EXPECT_EQ(outcomes_with_garbage(machine, "/f", LossModel::prefix), (Contents{"", first_sector}));
  EXPECT_TRUE(succeeded(file->sync_data()));
  EXPECT_EQ(outcomes_with_garbage(machine, "/f", LossModel::arbitrary), Contents{first_sector});
}

TEST(SimGarbage, IsNoZerosEvenIfNothingWasRemoved) {
  SimFileSystem machine;
  const auto file = durable_file(*value_of(machine.open_directory("/")), "f", "");
  EXPECT_TRUE(succeeded(write_all(*file, 0, first_sector)));
  EXPECT_EQ(outcomes_with_garbage(machine, "/f", LossModel::arbitrary).size(), 4U);
}

TEST(SimGarbage, IsNotInReservedSpaceNorInSectorsThatAreWrittenAgain) {
  SimFileSystem machine;
  const auto file = durable_file(*value_of(machine.open_directory("/")), "f", first_sector);
  EXPECT_TRUE(succeeded(file->reserve(0, 8192)));
  EXPECT_TRUE(succeeded(write_all(*file, 0, second_sector)));
  EXPECT_TRUE(succeeded(write_all(*file, 4096, second_sector)));
  EXPECT_EQ(outcomes_with_garbage(machine, "/f", LossModel::arbitrary), outcomes_of(machine, "/f"));
}

TEST(SimPowerLoss, EqualDisksHaveEqualHashes) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  durable_file(*top, "f", "abc");
  const DiskImage once = machine.shut_down();
  const SimFileSystem again(once);
  EXPECT_EQ(again.shut_down().hash(), once.hash());
  EXPECT_TRUE(succeeded(write_all(*value_of(top->open_file("f", {.write = true})), 0, "x")));
  EXPECT_NE(machine.shut_down().hash(), once.hash());
}

}  // namespace
}  // namespace safeatomic::test
