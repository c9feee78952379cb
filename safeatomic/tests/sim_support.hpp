#pragma once
// What the tests of the simulator share.

#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <safeatomic/io.hpp>
#include <safeatomic/sim.hpp>

#include "outcome.hpp"

namespace safeatomic::test {

using sim::Choice;
using sim::DiskImage;
using sim::Fault;
using sim::LossModel;
using sim::Operation;
using sim::OpKind;
using sim::PowerLoss;
using sim::SimFileSystem;
using sim::Undecided;

/// Moves on to the next of all choices; false after the last one.
inline bool next_choice(Choice& choice, const PowerLoss& loss) {
  for (std::size_t i = 0; i < choice.size(); ++i) {
    if (++choice[i] < loss.undecided()[i].options) return true;
    choice[i] = 0;
  }
  return false;
}

/// The contents that a file may have after a loss of power; "<absent>" where its name is gone.
inline std::set<std::string> outcomes_of(const SimFileSystem& machine, const std::string& path,
                                         LossModel model = LossModel::arbitrary) {
  const PowerLoss loss(machine);
  std::set<std::string> contents;
  Choice choice(loss.undecided().size(), 0);
  do {
    if (!loss.is_possible(choice, model)) continue;
    contents.insert(SimFileSystem(loss.outcome(choice)).peek(path).value_or("<absent>"));
  } while (next_choice(choice, loss));
  return contents;
}

/// `what` makes the `ordinal`-th operation fail that is of that kind, from 1.
inline sim::FaultHook fault_at(OpKind kind, int ordinal, sim::Injection what) {
  return [kind, ordinal, what, seen = 0](const Operation& op) mutable {
    return op.kind == kind && ++seen == ordinal ? what : sim::Injection();
  };
}

/// A durable file with durable content, open for writing.
inline std::unique_ptr<File> durable_file(Directory& directory, std::string_view name, std::string_view content) {
  std::unique_ptr<File> file = value_of(directory.open_file(name, {.write = true, .create = true}));
  EXPECT_TRUE(succeeded(write_all(*file, 0, content)));
  EXPECT_TRUE(succeeded(file->sync_all()));
  EXPECT_TRUE(succeeded(directory.sync()));
  return file;
}

}  // namespace safeatomic::test
