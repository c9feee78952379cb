#include <sys/stat.h>

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>

#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class WriteAtomic : public testing::Test {
 protected:
  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  Settings settings_{.file_system = &faulty_};
};

TEST_F(WriteAtomic, MakesAPrivateFile) {
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "content")));
  EXPECT_EQ(slurp(scratch_ / "f"), "content");
  EXPECT_EQ(mode_of(scratch_ / "f"), 0600U);
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
}

TEST_F(WriteAtomic, MakesAFileOfTheModeAskedFor) {
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "", {.file_mode = 0440})));
  EXPECT_EQ(mode_of(scratch_ / "f"), 0440U);
}

TEST_F(WriteAtomic, ReplacesTheContentAndKeepsThePermissions) {
  for (const unsigned mode : {0644U, 0640U, 0400U, 0666U, 0600U}) {
    spill(scratch_ / "f", "old and longer than the new");
    ASSERT_EQ(::chmod((scratch_ / "f").c_str(), mode), 0);
    EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new", {.file_mode = 0604})));
    EXPECT_EQ(slurp(scratch_ / "f"), "new");
    EXPECT_EQ(mode_of(scratch_ / "f"), mode);
    scratch_.clear();
  }
}

TEST_F(WriteAtomic, WritesEmptyAndLargeContent) {
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "")));
  EXPECT_EQ(slurp(scratch_ / "f"), "");
  const std::string large(5 << 20, 'x');
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", large)));
  EXPECT_TRUE(slurp(scratch_ / "f") == large);
}

TEST_F(WriteAtomic, LeavesFilesThatLookLikeTemporariesAlone) {
  for (const std::string_view name : {"data.tmp", "data.jsonl.tmp", ".data.jsonl.tmp", "data.jsonl~"}) {
    spill(scratch_ / name, "a user's");
  }
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "data.jsonl", "new")));
  for (const std::string_view name : {"data.tmp", "data.jsonl.tmp", ".data.jsonl.tmp", "data.jsonl~"}) {
    EXPECT_EQ(slurp(scratch_ / name), "a user's") << name;
  }
  EXPECT_EQ(scratch_.names().size(), 5U);
}

TEST_F(WriteAtomic, SyncsTheContentBeforeTheNameAndTheNameBeforeItReturns) {
  const std::string directory = scratch_.path().filename();
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new", settings_)));
  const std::vector<std::string> want = {"write .tmp", "sync_all .tmp", "rename .tmp -> f",
                                         "sync_directory " + directory};
  EXPECT_EQ(faulty_.changes(), want);
}

TEST_F(WriteAtomic, SyncsThePermissionsItKeeps) {
  spill(scratch_ / "f", "old");
  const std::string directory = scratch_.path().filename();
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new", settings_)));
  const std::vector<std::string> want = {"write .tmp", "copy_ownership .tmp", "sync_all .tmp", "rename .tmp -> f",
                                         "sync_directory " + directory};
  EXPECT_EQ(faulty_.changes(), want);
}

TEST_F(WriteAtomic, RefusesWhatIsNotARegularFile) {
  spill(scratch_ / "f", "old");
  std::filesystem::create_symlink("f", scratch_ / "link");
  std::filesystem::create_symlink("absent", scratch_ / "dangling");
  std::filesystem::create_directory(scratch_ / "directory");
  ASSERT_EQ(::mkfifo((scratch_ / "fifo").c_str(), 0600), 0);
  for (const std::string_view name : {"link", "dangling", "directory", "fifo"}) {
    EXPECT_TRUE(failed_with(Errc::not_regular, write_atomic(scratch_ / name, "new"))) << name;
  }
  EXPECT_EQ(slurp(scratch_ / "f"), "old");
  EXPECT_EQ(scratch_.names().size(), 5U);
}

TEST_F(WriteAtomic, LeavesOtherHardLinksWithTheOldContent) {
  spill(scratch_ / "f", "old");
  std::filesystem::create_hard_link(scratch_ / "f", scratch_ / "g");
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new")));
  EXPECT_EQ(slurp(scratch_ / "g"), "old");
}

TEST_F(WriteAtomic, NeedsItsDirectory) {
  EXPECT_TRUE(failed_with(Errc::not_found, write_atomic(scratch_ / "absent/f", "new")));
  EXPECT_TRUE(scratch_.names().empty());
}

TEST_F(WriteAtomic, TriesAFailedSyncOnce) {
  spill(scratch_ / "f", "old");
  int sync_count = 0;
  faulty_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::sync_all) return std::nullopt;
    ++sync_count;
    return Fault::error(EIO);
  });
  EXPECT_TRUE(failed_with(Errc::io, write_atomic(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(sync_count, 1);
  EXPECT_EQ(slurp(scratch_ / "f"), "old");
}

}  // namespace
}  // namespace safeatomic::test
