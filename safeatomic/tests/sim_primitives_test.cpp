// The six primitives, the power lost at every operation, with every outcome.

#include <functional>

#include <safeatomic/safeatomic.hpp>

#include "sim_support.hpp"

namespace safeatomic::test {
namespace {

using Contents = std::set<std::string>;

/// What `path` may hold if the power fails at any operation of `call`; and, second, once it has returned.
struct Leavings {
  Contents meanwhile;
  Contents after;
};

Leavings leavings_of(SimFileSystem& machine, const std::string& path, const std::function<void()>& call) {
  Leavings leavings;
  machine.set_hook([&](const Operation&) {
    leavings.meanwhile.merge(outcomes_of(machine, path));
    return Fault::none;
  });
  call();
  leavings.after = outcomes_of(machine, path);
  machine.set_hook(nullptr);
  return leavings;
}

const std::string long_text(1500, 'n');

TEST(SimPrimitives, WriteAtomicLeavesTheOldContentOrTheNew) {
  SimFileSystem machine;
  durable_file(*value_of(machine.open_directory("/")), "f", "old");
  const Leavings leavings = leavings_of(
      machine, "/f", [&] { EXPECT_TRUE(succeeded(write_atomic("/f", long_text, {.file_system = &machine}))); });
  EXPECT_EQ(leavings.meanwhile, (Contents{"old", long_text}));
  EXPECT_EQ(leavings.after, Contents{long_text});
}

TEST(SimPrimitives, WriteOnceLeavesNothingOrTheWholeFile) {
  SimFileSystem machine;
  const Leavings leavings = leavings_of(
      machine, "/f", [&] { EXPECT_TRUE(value_of(write_once("/f", long_text, {.file_system = &machine}))); });
  EXPECT_EQ(leavings.meanwhile, (Contents{"<absent>", long_text}));
  EXPECT_EQ(leavings.after, Contents{long_text});
}

TEST(SimPrimitives, WriteOnceThatFindsTheNameMakesItDurable) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = value_of(top->open_file("f", {.write = true, .create = true}));
  EXPECT_TRUE(succeeded(write_all(*file, 0, "there")));
  EXPECT_TRUE(succeeded(file->sync_all()));
  EXPECT_FALSE(value_of(write_once("/f", "other", {.file_system = &machine})));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"there"});
}

TEST(SimPrimitives, WriteOnceWithParentsMakesTheParentsDurable) {
  SimFileSystem machine;
  const Leavings leavings = leavings_of(machine, "/a/b/f", [&] {
    EXPECT_TRUE(value_of(write_once_with_parents("/a/b/f", long_text, {.file_system = &machine})));
  });
  EXPECT_EQ(leavings.meanwhile, (Contents{"<absent>", long_text}));
  EXPECT_EQ(leavings.after, Contents{long_text});
}

TEST(SimPrimitives, WriteAppendFsyncKeepsWhatWasThere) {
  SimFileSystem machine;
  EXPECT_TRUE(succeeded(write_append_fsync("/f", "first ", {.file_system = &machine})));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"first "});
  const Leavings leavings = leavings_of(
      machine, "/f", [&] { EXPECT_TRUE(succeeded(write_append_fsync("/f", "second", {.file_system = &machine}))); });
  for (const std::string& content : leavings.meanwhile) EXPECT_EQ(content.substr(0, 6), "first ");
  EXPECT_EQ(leavings.after, Contents{"first second"});
}

TEST(SimPrimitives, WriteAppendFsyncMakesTheNameDurableThatAnotherProgramGave) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = value_of(top->open_file("f", {.write = true, .create = true}));
  EXPECT_TRUE(succeeded(write_all(*file, 0, "theirs ")));
  EXPECT_TRUE(succeeded(write_append_fsync("/f", "ours", {.file_system = &machine})));
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"theirs ours"});
}

TEST(SimPrimitives, RenameAtomicLeavesOneOfTheNames) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("d", 0700)));
  EXPECT_TRUE(succeeded(top->sync()));
  durable_file(*top, "f", "abc");
  machine.set_hook([&](const Operation&) {
    const PowerLoss loss(machine);
    Choice choice(loss.undecided().size(), 0);
    do {
      const SimFileSystem after(loss.outcome(choice));
      EXPECT_TRUE(after.peek("/f") || after.peek("/d/g"));
    } while (next_choice(choice, loss));
    return Fault::none;
  });
  EXPECT_TRUE(succeeded(rename_atomic("/f", "/d/g", {.file_system = &machine})));
  machine.set_hook(nullptr);
  EXPECT_EQ(outcomes_of(machine, "/d/g"), Contents{"abc"});
  EXPECT_EQ(outcomes_of(machine, "/f"), Contents{"<absent>"});
}

TEST(SimPrimitives, FailWithoutALeakAtEveryOperation) {
  for (const Fault fault : {Fault::eio, Fault::enospc, Fault::short_write, Fault::interrupted}) {
    for (std::uint64_t ordinal = 1;; ++ordinal) {
      SimFileSystem machine;
      durable_file(*value_of(machine.open_directory("/")), "f", "old");
      const std::uint64_t before = machine.ordinal();
      machine.set_hook([&](const Operation& op) { return op.ordinal == before + ordinal ? fault : Fault::none; });
      const Result<void> written = write_atomic("/f", long_text, {.file_system = &machine});
      if (machine.ordinal() < before + ordinal) break;
      const std::string there = machine.peek("/f").value_or("<absent>");
      EXPECT_TRUE(there == long_text || (!written && there == "old")) << there;
      EXPECT_EQ(machine.usage().files, 0U);
      EXPECT_EQ(machine.usage().directories, 0U);
    }
  }
}

}  // namespace
}  // namespace safeatomic::test
