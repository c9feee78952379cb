#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <safeatomic/directories.hpp>
#include <safeatomic/safeatomic.hpp>

#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class WriteOnceWithParents : public testing::Test {
 protected:
  /// The directories synced, by their real paths, in order.
  [[nodiscard]] std::vector<std::string> synced() const {
    std::vector<std::string> paths;
    for (const FsOp& op : faulty_.operations()) {
      if (op.kind == OpKind::sync_directory) paths.push_back(std::filesystem::canonical(op.path).native());
    }
    return paths;
  }

  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  Settings settings_{.file_system = &faulty_};
};

std::uint64_t device_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_dev;
}

/// Every directory above `directory` that holds the name of one on the same filesystem.
std::vector<std::string> ancestors_of(std::filesystem::path directory) {
  std::vector<std::string> paths;
  directory = std::filesystem::canonical(directory);
  while (directory.has_relative_path() && device_of(directory) == device_of(directory.parent_path())) {
    directory = directory.parent_path();
    paths.push_back(directory.native());
  }
  return paths;
}

TEST_F(WriteOnceWithParents, MakesPrivateDirectories) {
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a/b/c/f", "content")));
  EXPECT_EQ(slurp(scratch_ / "a/b/c/f"), "content");
  for (const std::string_view name : {"a", "a/b", "a/b/c"}) EXPECT_EQ(mode_of(scratch_ / name), 0700U) << name;
  EXPECT_EQ(mode_of(scratch_ / "a/b/c/f"), 0600U);
}

TEST_F(WriteOnceWithParents, TakesTheModesAskedFor) {
  const Settings modes{.file_mode = 0440, .directory_mode = 0750};
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a/f", "content", modes)));
  EXPECT_EQ(mode_of(scratch_ / "a"), 0750U);
  EXPECT_EQ(mode_of(scratch_ / "a/f"), 0440U);
}

TEST_F(WriteOnceWithParents, LeavesWhatIsThereUntouched) {
  std::filesystem::create_directory(scratch_ / "a");
  ASSERT_EQ(::chmod((scratch_ / "a").c_str(), 0755), 0);
  spill(scratch_ / "a/f", "old");
  EXPECT_FALSE(value_of(write_once_with_parents(scratch_ / "a/f", "new")));
  EXPECT_EQ(slurp(scratch_ / "a/f"), "old");
  EXPECT_EQ(mode_of(scratch_ / "a"), 0755U);
}

TEST_F(WriteOnceWithParents, SyncsEveryDirectoryAboveBeforeTheFileIsNamed) {
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a/b/f", "content", settings_)));
  std::vector<std::string> want = ancestors_of(scratch_ / "a/b");
  ASSERT_GE(want.size(), 2U);
  EXPECT_EQ(want[1], std::filesystem::canonical(scratch_.path()).native());
  const std::vector<std::string> got = synced();
  ASSERT_EQ(got.size(), want.size() + 1);
  want.push_back(std::filesystem::canonical(scratch_ / "a/b").native());
  EXPECT_EQ(got, want);
  const std::vector<std::string> changes = faulty_.changes();
  EXPECT_EQ(changes.front(), "make_directory a");
  EXPECT_EQ(changes[1], "make_directory b");
  EXPECT_EQ(changes.back(), "sync_directory b");
  EXPECT_EQ(changes[changes.size() - 2], "rename .tmp -> f");
}

TEST_F(WriteOnceWithParents, SyncsDirectoriesThatAKilledCallerMayHaveLeftUnsynced) {
  std::filesystem::create_directories(scratch_ / "a/b");
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a/b/f", "content", settings_)));
  std::vector<std::string> want = ancestors_of(scratch_ / "a/b");
  want.push_back(std::filesystem::canonical(scratch_ / "a/b").native());
  EXPECT_EQ(synced(), want);
}

TEST_F(WriteOnceWithParents, SyncsTheWholeFileSystemWhereAParentMayNotBeOpened) {
  faulty_.set_hook(fail_every(OpKind::open_parent, Fault::error(EACCES)));
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a/f", "content", settings_)));
  const std::vector<std::string> changes = faulty_.changes();
  ASSERT_GE(changes.size(), 2U);
  EXPECT_EQ(changes[0], "make_directory a");
  EXPECT_EQ(changes[1], "sync_file_system a");
}

TEST_F(WriteOnceWithParents, StopsAtTheMountPoint) {
  const std::filesystem::path mount_point = "/dev/shm";
  if (!std::filesystem::is_directory(mount_point) || device_of(mount_point) == device_of("/dev")) {
    GTEST_SKIP() << "needs /dev/shm as a filesystem of its own";
  }
  const ScratchDirectory scratch(mount_point);
  EXPECT_TRUE(value_of(write_once_with_parents(scratch / "a/f", "content", settings_)));
  EXPECT_EQ(synced(), (std::vector<std::string>{scratch.path(), mount_point, scratch / "a"}));
}

TEST_F(WriteOnceWithParents, WelcomesADirectoryThatAppearsMeanwhile) {
  faulty_.set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::make_directory) std::filesystem::create_directory(op.path);
    return std::nullopt;
  });
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a/b/f", "content", settings_)));
  EXPECT_EQ(slurp(scratch_ / "a/b/f"), "content");
}

TEST_F(WriteOnceWithParents, RefusesAFileAmongTheParents) {
  spill(scratch_ / "a", "a file");
  EXPECT_TRUE(failed_with(Errc::io, write_once_with_parents(scratch_ / "a/f", "content")));
  EXPECT_TRUE(failed_with(Errc::io, write_once_with_parents(scratch_ / "a/b/f", "content")));
  EXPECT_EQ(slurp(scratch_ / "a"), "a file");
}

TEST_F(WriteOnceWithParents, MakesNoDirectoryBehindADanglingLink) {
  std::filesystem::create_symlink("absent", scratch_ / "a");
  EXPECT_FALSE(write_once_with_parents(scratch_ / "a/f", "content"));
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"a"});
}

TEST_F(WriteOnceWithParents, ReadsPathsLikeTheOperatingSystem) {
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a//./b///f", "1")));
  EXPECT_EQ(slurp(scratch_ / "a/b/f"), "1");
  EXPECT_TRUE(value_of(write_once_with_parents(scratch_ / "a/../c/f", "2")));
  EXPECT_EQ(slurp(scratch_ / "c/f"), "2");
  EXPECT_TRUE(failed_with(Errc::not_found, write_once_with_parents(scratch_ / "d/../e/f", "3")));
  EXPECT_EQ(scratch_.names(), (std::vector<std::string>{"a", "c"}));
}

TEST_F(WriteOnceWithParents, MakesNoDirectoryForAPathThatCannotNameAFile) {
  EXPECT_TRUE(failed_with(Errc::invalid_argument, write_once_with_parents(scratch_ / "a/b/", "content")));
  EXPECT_TRUE(failed_with(Errc::invalid_argument, write_once_with_parents(scratch_ / "a/..", "content")));
  EXPECT_TRUE(scratch_.names().empty());
}

}  // namespace
}  // namespace safeatomic::test
