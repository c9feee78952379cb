// What a loss of power may leave, in each of the three models.

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
