#include <sys/stat.h>

#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>

#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class RenameAtomic : public testing::Test {
 protected:
  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  Settings settings_{.file_system = &faulty_};
};

TEST_F(RenameAtomic, ReplacesTheTarget) {
  spill(scratch_ / "from", "new");
  spill(scratch_ / "to", "old");
  EXPECT_TRUE(succeeded(rename_atomic(scratch_ / "from", scratch_ / "to")));
  EXPECT_EQ(slurp(scratch_ / "to"), "new");
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"to"});
}

TEST_F(RenameAtomic, SyncsTheTargetsDirectoryAndThenTheSources) {
  std::filesystem::create_directory(scratch_ / "a");
  std::filesystem::create_directory(scratch_ / "b");
  spill(scratch_ / "a/from", "content");
  EXPECT_TRUE(succeeded(rename_atomic(scratch_ / "a/from", scratch_ / "b/to", settings_)));
  EXPECT_EQ(slurp(scratch_ / "b/to"), "content");
  EXPECT_EQ(faulty_.changes(), (std::vector<std::string>{"rename from -> to", "sync_directory b", "sync_directory a"}));
}

TEST_F(RenameAtomic, SyncsOneDirectoryOnceHoweverItIsSpelled) {
  std::filesystem::create_directory(scratch_ / "a");
  spill(scratch_ / "a/from", "content");
  EXPECT_TRUE(succeeded(rename_atomic(scratch_ / "a/from", scratch_ / "a/../a/to", settings_)));
  EXPECT_EQ(faulty_.changes(), (std::vector<std::string>{"rename from -> to", "sync_directory a"}));
}

TEST_F(RenameAtomic, MovesTheLinkAndNotWhatItNames) {
  spill(scratch_ / "f", "content");
  std::filesystem::create_symlink("f", scratch_ / "link");
  EXPECT_TRUE(succeeded(rename_atomic(scratch_ / "link", scratch_ / "moved")));
  EXPECT_TRUE(std::filesystem::is_symlink(scratch_ / "moved"));
  EXPECT_EQ(slurp(scratch_ / "f"), "content");
}

TEST_F(RenameAtomic, ChangesNothingWithoutItsSource) {
  spill(scratch_ / "to", "old");
  EXPECT_TRUE(failed_with(Errc::not_found, rename_atomic(scratch_ / "absent", scratch_ / "to")));
  EXPECT_TRUE(failed_with(Errc::not_found, rename_atomic(scratch_ / "to", scratch_ / "absent/to")));
  EXPECT_EQ(slurp(scratch_ / "to"), "old");
}

TEST_F(RenameAtomic, ReplacesWhateverRename2Does) {
  std::filesystem::create_symlink("elsewhere", scratch_ / "link");
  ASSERT_EQ(::mkfifo((scratch_ / "fifo").c_str(), 0600), 0);
  for (const std::string_view name : {"link", "fifo"}) {
    spill(scratch_ / "from", "content");
    EXPECT_TRUE(succeeded(rename_atomic(scratch_ / "from", scratch_ / name)));
    EXPECT_EQ(slurp(scratch_ / name), "content");
  }
  std::filesystem::create_directory(scratch_ / "new");
  std::filesystem::create_directory(scratch_ / "empty");
  EXPECT_TRUE(succeeded(rename_atomic(scratch_ / "new", scratch_ / "empty")));
  EXPECT_EQ(scratch_.names(), (std::vector<std::string>{"empty", "fifo", "link"}));
}

TEST_F(RenameAtomic, NeverPutsAFileInPlaceOfADirectory) {
  spill(scratch_ / "from", "content");
  std::filesystem::create_directory(scratch_ / "to");
  EXPECT_TRUE(failed_with(Errc::not_regular, rename_atomic(scratch_ / "from", scratch_ / "to")));
}

TEST_F(RenameAtomic, SaysThatTheTwoLieOnDifferentFileSystems) {
  const std::filesystem::path elsewhere = "/dev/shm";
  if (!std::filesystem::is_directory(elsewhere)) GTEST_SKIP() << "needs a second filesystem";
  const ScratchDirectory other(elsewhere);
  spill(scratch_ / "from", "content");
  const Result<void> renamed = rename_atomic(scratch_ / "from", other / "to");
  if (renamed) GTEST_SKIP() << "/dev/shm is on the same filesystem";
  EXPECT_TRUE(failed_with(Errc::other_filesystem, renamed));
  EXPECT_EQ(slurp(scratch_ / "from"), "content");
  EXPECT_TRUE(other.names().empty());
}

TEST(FsyncDir, SyncsOnce) {
  const ScratchDirectory scratch;
  FaultyFileSystem faulty;
  EXPECT_TRUE(succeeded(fsync_dir(scratch.path(), {.file_system = &faulty})));
  EXPECT_EQ(faulty.changes(), std::vector<std::string>{"sync_directory " + scratch.path().filename().native()});
}

TEST(FsyncDir, RefusesWhatIsNotADirectory) {
  const ScratchDirectory scratch;
  spill(scratch / "f", "");
  EXPECT_TRUE(failed_with(Errc::not_found, fsync_dir(scratch / "absent")));
  EXPECT_TRUE(failed_with(Errc::io, fsync_dir(scratch / "f")));
}

}  // namespace
}  // namespace safeatomic::test
