// A write that makes a file larger is no single change: where a loss of power or a kill may cut it.

#include <algorithm>
#include <cstdint>

#include "sim_support.hpp"

namespace safeatomic::test {
namespace {

using Sizes = std::set<std::uint64_t>;

/// The sizes that a file may have after a loss of power.
Sizes sizes_of(const SimFileSystem& machine, const std::string& path, LossModel model) {
  Sizes sizes;
  const PowerLoss loss(machine);
  for (std::size_t i = 0; i < loss.undecided().size(); ++i) {
    if (loss.undecided()[i].kind != Undecided::Kind::size) continue;
    for (std::uint32_t state = 0; state < loss.undecided()[i].options; ++state) {
      Choice choice;
      for (const Undecided& one : loss.undecided()) choice.push_back(one.options - 1);
      choice[i] = state;
      if (!loss.is_possible(choice, model)) continue;
      sizes.insert(SimFileSystem(loss.outcome(choice)).peek(path)->size());
    }
  }
  return sizes;
}

Sizes sizes_of_prefixes(const SimFileSystem& machine, const std::string& path) {
  Sizes sizes;
  const PowerLoss loss(machine);
  for (const Choice& choice : loss.prefixes()) {
    EXPECT_TRUE(loss.is_possible(choice, LossModel::prefix));
    sizes.insert(SimFileSystem(loss.outcome(choice)).peek(path)->size());
  }
  return sizes;
}

TEST(SimGrowth, MayEndAtEverySectorIfArbitrary) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", std::string(100, '.'));
  EXPECT_TRUE(succeeded(write_all(*file, 100, std::string(1500, 'x'))));
  EXPECT_EQ(sizes_of(machine, "/f", LossModel::arbitrary), (Sizes{100, 512, 1024, 1536, 1600}));
}

TEST(SimGrowth, MayEndAtEveryPageIfOrderedOrPrefix) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", std::string(100, '.'));
  EXPECT_TRUE(succeeded(write_all(*file, 100, std::string(9900, 'x'))));
  EXPECT_EQ(sizes_of(machine, "/f", LossModel::ordered), (Sizes{100, 4096, 8192, 10000}));
  EXPECT_EQ(sizes_of_prefixes(machine, "/f"), (Sizes{100, 4096, 8192, 10000}));
}

TEST(SimGrowth, LeavesWholePagesBelowTheSizeIfPrefix) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "");
  const std::string content(10000, 'x');
  EXPECT_TRUE(succeeded(write_all(*file, 0, content)));
  const PowerLoss loss(machine);
  for (const Choice& choice : loss.prefixes()) {
    const std::string there = SimFileSystem(loss.outcome(choice)).peek("/f").value_or("<absent>");
    EXPECT_EQ(there, content.substr(0, there.size()));
  }
}

TEST(SimGrowth, OfSeveralWritesMayEndInsideOfEach) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "");
  EXPECT_TRUE(succeeded(write_all(*file, 0, std::string(5000, 'a'))));
  EXPECT_TRUE(succeeded(write_all(*file, 5000, std::string(5000, 'b'))));
  EXPECT_EQ(sizes_of(machine, "/f", LossModel::ordered), (Sizes{0, 4096, 5000, 8192, 10000}));
}

TEST(SimGrowth, ByAReservationMayEndInItsMiddle) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "abc");
  EXPECT_TRUE(succeeded(file->reserve(0, 65536)));
  EXPECT_EQ(sizes_of(machine, "/f", LossModel::ordered), (Sizes{3, 32768, 65536}));
}

TEST(SimGrowth, IsCutAtAPageByAKill) {
  for (const std::uint64_t done : {0U, 1U, 4095U, 4096U, 9000U, 10000U}) {
    SimFileSystem machine;
    const auto top = value_of(machine.open_directory("/"));
    const auto file = durable_file(*top, "f", std::string(100, '.'));
    machine.set_hook(fault_at(OpKind::write, 1, {Fault::process_kill, done}));
    EXPECT_TRUE(failed_with(Errc::io, write_all(*file, 100, std::string(9900, 'x'))));
    const std::uint64_t end = 100 + std::min<std::uint64_t>(done, 9900);
    const std::uint64_t kept = end == 10000 ? end : std::max<std::uint64_t>(100, end / 4096 * 4096);
    EXPECT_EQ(machine.peek("/f")->size(), kept) << done << " bytes done";
    EXPECT_FALSE(file->info()) << "dead";
  }
}

TEST(SimGrowth, AKilledProcessHasStoredAnyPrefixToAMapping) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", std::string(4096, '.'));
  const auto mapping = value_of(file->map(MapAccess::read_write, 0, 4096));
  machine.set_hook(fault_at(OpKind::map_write, 1, {Fault::process_kill, 3}));
  mapping->write(0, "stored");
  EXPECT_EQ(machine.peek("/f")->substr(0, 7), "sto....");
}

TEST(SimFaultBytes, SaysHowMuchOfAWriteIsDone) {
  const struct {
    Fault fault;
    Errc error;
  } rows[] = {{Fault::eio, Errc::io}, {Fault::enospc, Errc::no_space}};
  for (const auto& row : rows) {
    for (const std::uint64_t done : {0U, 1U, 6U}) {
      SimFileSystem machine;
      const auto top = value_of(machine.open_directory("/"));
      const auto file = durable_file(*top, "f", "");
      machine.set_hook(fault_at(OpKind::write, 1, {row.fault, done}));
      EXPECT_TRUE(failed_with(row.error, write_all(*file, 0, "content")));
      EXPECT_EQ(machine.peek("/f"), std::string("content").substr(0, done));
    }
  }
}

TEST(SimFaultBytes, ShortensAWriteOrReadToAnyLength) {
  for (const std::uint64_t done : {0U, 1U, 3U, 6U, 7U, 100U}) {
    SimFileSystem machine;
    const auto top = value_of(machine.open_directory("/"));
    const auto file = durable_file(*top, "f", "");
    machine.set_hook(fault_at(OpKind::write, 1, {Fault::short_write, done}));
    const std::string_view content = "content";
    const std::size_t written = value_of(file->write_at(0, std::span(&content, 1)));
    EXPECT_EQ(written, std::clamp<std::uint64_t>(done, 1, content.size()));
    EXPECT_EQ(machine.peek("/f"), content.substr(0, written));
    EXPECT_TRUE(succeeded(write_all(*file, 0, content)));
    machine.set_hook(fault_at(OpKind::read, 1, {Fault::short_write, done}));
    std::string read(content.size(), '\0');
    EXPECT_EQ(value_of(file->read_at(0, read)), written);
  }
}

TEST(SimFaultBytes, SaysHowFarAReservationWithoutRoomCame) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "");
  machine.set_hook(fault_at(OpKind::reserve, 1, {Fault::enospc, 12288}));
  EXPECT_TRUE(failed_with(Errc::no_space, file->reserve(0, 65536)));
  EXPECT_EQ(machine.peek("/f")->size(), 12288U);
}

}  // namespace
}  // namespace safeatomic::test
