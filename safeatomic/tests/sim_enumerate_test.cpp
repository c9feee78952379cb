// Every outcome, and every crash of a program.

#include <safeatomic/safeatomic.hpp>

#include "sim_support.hpp"

namespace safeatomic::test {
namespace {

using sim::Crash;
using sim::CrashCount;

using Contents = std::set<std::string>;

std::set<std::string> enumerated(const SimFileSystem& machine, const std::string& path, LossModel model) {
  std::set<std::string> contents;
  for_each_outcome(machine, model, [&](const DiskImage& disk) {
    contents.insert(SimFileSystem(disk).peek(path).value_or("<absent>"));
  });
  return contents;
}

/// Two files that share a name, and a rename.
void change(SimFileSystem& machine) {
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("d", 0700)));
  EXPECT_TRUE(succeeded(top->sync()));
  const auto below = value_of(top->open_directory("d"));
  EXPECT_TRUE(succeeded(write_all(*durable_file(*top, "f", "abc"), 3, std::string(700, 'x'))));
  EXPECT_TRUE(succeeded(write_all(*durable_file(*below, "f", "def"), 3, std::string(700, 'y'))));
  EXPECT_TRUE(succeeded(top->rename("f", *top, "g", RenameMode::replace)));
}

TEST(SimOutcomes, AreThoseOfAllChoices) {
  for (const LossModel model : {LossModel::arbitrary, LossModel::ordered, LossModel::prefix}) {
    SimFileSystem machine;
    change(machine);
    for (const char* path : {"/f", "/g", "/d/f"}) {
      EXPECT_EQ(enumerated(machine, path, model), outcomes_of(machine, path, model)) << path;
    }
  }
}

TEST(SimOutcomes, OfAMachineAreVisitedOnceEach) {
  SimFileSystem machine;
  change(machine);
  std::set<std::uint64_t> seen;
  EXPECT_FALSE(for_each_outcome(machine, LossModel::arbitrary,
                                [&](const DiskImage& disk) { EXPECT_TRUE(seen.insert(disk.hash()).second); }));
  EXPECT_GT(seen.size(), 16U);
}

TEST(SimOutcomes, AreAChoiceThatIsTheSameForTheSameSeedWhereTheyAreMany) {
  SimFileSystem machine;
  const auto file = durable_file(*value_of(machine.open_directory("/")), "f", "");
  EXPECT_TRUE(succeeded(write_all(*file, 0, std::string(64 * 512, 'x'))));
  const PowerLoss loss(machine);
  std::vector<std::vector<Choice>> runs;
  for (const std::uint64_t seed : {1U, 1U, 2U}) {
    std::vector<Choice>& visited = runs.emplace_back();
    EXPECT_TRUE(for_each_outcome(loss, {.combinations_max = 1000, .seed = seed},
                                 [&](const Choice& choice) { visited.push_back(choice); }));
    EXPECT_GE(visited.size(), 1000U);
    EXPECT_LE(visited.size(), 4000U);
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_NE(runs[0], runs[2]);
}

TEST(SimOutcomes, LeaveOutWhatIsNotLookedAt) {
  SimFileSystem machine;
  change(machine);
  const PowerLoss loss(machine);
  std::set<std::uint64_t> disks;
  for_each_outcome(loss, {.is_seen = [](std::string_view name) { return name == "d" || name == "f"; }},
                   [&](const Choice& choice) { disks.insert(loss.outcome(choice).hash()); });
  // /d/f: 3 bytes, 512 with or without the first sector, 703 with any of the two; /f likewise, or renamed and not looked at.
  EXPECT_EQ(disks.size(), 7U * 7U + 7U);
}

TEST(SimUndecided, SaysWhereItLies) {
  SimFileSystem machine;
  change(machine);
  std::set<std::string> paths;
  std::set<std::size_t> files;
  const PowerLoss loss(machine);
  for (const Undecided& one : loss.undecided()) {
    paths.insert(one.path);
    files.insert(one.file);
    if (one.kind != Undecided::Kind::size) continue;
    EXPECT_EQ(one.sizes, (std::vector<std::uint64_t>{3, 512, 703}));
  }
  EXPECT_EQ(paths, (std::set<std::string>{"/g", "/f", "/d/f"})) << "the rename by its new name";
  EXPECT_EQ(files, (std::set<std::size_t>{0, 1, 2}));
}

TEST(SimCrashes, ComeBeforeEveryOperationAndAtTheEnd) {
  SimFileSystem machine;
  std::uint64_t operations = 0;
  machine.set_hook([&](const Operation&) {
    ++operations;
    return Fault::none;
  });
  EXPECT_TRUE(succeeded(write_atomic("/f", "content", {.file_system = &machine})));
  std::set<std::uint64_t> ordinals;
  bool is_done = false;
  Contents before;
  Contents after;
  const CrashCount count = sim::for_each_crash(
      DiskImage(),
      [&](FileSystem& file_system) {
        EXPECT_TRUE(succeeded(write_atomic("/f", "content", {.file_system = &file_system})));
        is_done = true;
      },
      [&](const Crash& crash) {
        ordinals.insert(crash.ordinal);
        (is_done ? after : before).insert(SimFileSystem(crash.disk).peek("/f").value_or("<absent>"));
      });
  EXPECT_EQ(count.points, operations + 1);
  EXPECT_EQ(ordinals.size(), operations + 1);
  EXPECT_EQ(count.choices, 0U);
  EXPECT_EQ(before, (Contents{"<absent>", "content"}));
  EXPECT_EQ(after, Contents{"content"});
}

TEST(SimCrashes, FindAProgramThatDoesNotSync) {
  bool is_whole = true;
  sim::for_each_crash(
      DiskImage(),
      [](FileSystem& file_system) {
        const auto top = value_of(file_system.open_directory("/"));
        const auto file = value_of(top->open_file("new", {.write = true, .create = true}));
        EXPECT_TRUE(succeeded(write_all(*file, 0, "content")));
        EXPECT_TRUE(succeeded(top->rename("new", *top, "f", RenameMode::replace)));
      },
      [&](const Crash& crash) {
        const std::optional<std::string> there = SimFileSystem(crash.disk).peek("/f");
        if (there && *there != "content") is_whole = false;
      });
  EXPECT_FALSE(is_whole);
}

}  // namespace
}  // namespace safeatomic::test
