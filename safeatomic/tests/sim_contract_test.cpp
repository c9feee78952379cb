// The simulator does what every FileSystem must do, so that it does not lie.

#include "file_system_contract.hpp"
#include "sim_support.hpp"

namespace safeatomic::test {
namespace {

class SimWorld final : public World {
 public:
  SimWorld() {
    const auto top = value_of(machine_.open_directory("/"));
    EXPECT_TRUE(succeeded(top->make_directory("world", 0700)));
  }
  [[nodiscard]] FileSystem& file_system() override { return machine_; }
  [[nodiscard]] std::filesystem::path root() const override { return "/world"; }
  bool make_symbolic_link(const std::filesystem::path& target, const std::filesystem::path& link) override {
    return machine_.make_symbolic_link(target, link).has_value();
  }
  bool make_fifo(const std::filesystem::path& path) override { return machine_.make_fifo(path).has_value(); }

 private:
  SimFileSystem machine_;
};

INSTANTIATE_TEST_SUITE_P(Sim, FileSystemContract,
                         testing::Values(WorldFactory{"Sim", [] { return std::make_unique<SimWorld>(); }}),
                         [](const auto& one) { return one.param.name; });

TEST(SimLinks, AreFollowedInPathsAndKeptOnTheDisk) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  EXPECT_TRUE(succeeded(top->make_directory("d", 0700)));
  const auto below = value_of(top->open_directory("d"));
  durable_file(*below, "f", "abc");
  EXPECT_TRUE(succeeded(machine.make_symbolic_link("../d", "/d/again")));
  EXPECT_TRUE(succeeded(machine.make_symbolic_link("/loop", "/loop")));
  EXPECT_TRUE(succeeded(machine.make_fifo("/d/fifo")));
  EXPECT_TRUE(failed_with(Errc::already_exists, machine.make_fifo("/d/fifo")));
  EXPECT_TRUE(failed_with(Errc::not_found, machine.make_fifo("/absent/fifo")));
  const SimFileSystem after(machine.shut_down());
  EXPECT_EQ(after.peek("/d/again/f"), "abc");
  EXPECT_EQ(after.peek("/d/fifo"), std::nullopt);
  EXPECT_EQ(after.peek_names("/d"), (std::vector<std::string>{"again", "f", "fifo"}));
  EXPECT_TRUE(failed_with(Errc::not_found, machine.open_directory("/loop")));
}

TEST(SimLinks, HaveANameThatAPowerLossMayTake) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  durable_file(*top, "f", "abc");
  EXPECT_TRUE(succeeded(machine.make_symbolic_link("f", "/link")));
  EXPECT_EQ(outcomes_of(machine, "/link"), (std::set<std::string>{"<absent>", "abc"}));
  EXPECT_TRUE(succeeded(top->sync()));
  EXPECT_EQ(outcomes_of(machine, "/link"), (std::set<std::string>{"abc"}));
}

TEST(SimUsage, CountsWhatIsOpenAndForgetsWhatIsClosed) {
  SimFileSystem machine;
  {
    const auto top = value_of(machine.open_directory("/"));
    const auto file = durable_file(*top, "f", std::string(4096, 'x'));
    const auto mapping = value_of(file->map(MapAccess::read, 0, 4096));
    ASSERT_TRUE(value_of(file->try_lock(LockKind::flock)));
    EXPECT_EQ(machine.usage().files, 1U);
    EXPECT_EQ(machine.usage().directories, 1U);
    EXPECT_EQ(machine.usage().mappings, 1U);
    EXPECT_EQ(machine.usage().locks, 1U);
  }
  EXPECT_EQ(machine.usage().files, 0U);
  EXPECT_EQ(machine.usage().directories, 0U);
  EXPECT_EQ(machine.usage().mappings, 0U);
  EXPECT_EQ(machine.usage().locks, 0U);
}

TEST(SimUsage, CountsAStoreBeyondTheEndOfTheFileAsABusError) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const auto file = durable_file(*top, "f", "short");
  const auto mapping = value_of(file->map(MapAccess::read_write, 0, 8192));
  mapping->write(4000, "in its last page");
  EXPECT_EQ(machine.usage().bus_errors, 0U);
  EXPECT_EQ(machine.peek("/f"), "short") << "what lies behind the end is nobody's";
  mapping->write(4096, "beyond");
  EXPECT_EQ(machine.usage().bus_errors, 1U);
}

TEST(SimInodes, AreGivenOutAgainOnceNothingHoldsThem) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  auto first = durable_file(*top, "first", "1");
  const std::uint64_t number = value_of(first->info()).inode;
  EXPECT_TRUE(succeeded(top->unlink("first")));
  EXPECT_NE(value_of(durable_file(*top, "while open", "2")->info()).inode, number);
  first.reset();
  EXPECT_EQ(value_of(durable_file(*top, "third", "3")->info()).inode, number);
}

TEST(SimInodes, AreHeldByANameThatAPowerLossCouldBringBack) {
  SimFileSystem machine;
  const auto top = value_of(machine.open_directory("/"));
  const std::uint64_t number = value_of(durable_file(*top, "f", "1")->info()).inode;
  EXPECT_TRUE(succeeded(top->unlink("f")));
  const auto other = value_of(top->open_file("g", {.write = true, .create = true}));
  EXPECT_NE(value_of(other->info()).inode, number);
}

}  // namespace
}  // namespace safeatomic::test
