#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>

#include "append_only.hpp"
#include "child_process.hpp"
#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class WriteAppendFsync : public testing::Test {
 protected:
  [[nodiscard]] std::string directory_name() const { return scratch_.path().filename().native(); }

  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  Settings settings_{.file_system = &faulty_};
};

TEST_F(WriteAppendFsync, MakesAPrivateFileAndGoesOnAtItsEnd) {
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "one\n")));
  EXPECT_EQ(mode_of(scratch_ / "f"), 0600U);
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "two\n")));
  EXPECT_EQ(slurp(scratch_ / "f"), "one\ntwo\n");
}

TEST_F(WriteAppendFsync, KeepsThePermissionsOfWhatIsThere) {
  spill(scratch_ / "f", "old");
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0664), 0);
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "new")));
  EXPECT_EQ(mode_of(scratch_ / "f"), 0664U);
}

TEST_F(WriteAppendFsync, SyncsTheNewNameBeforeItsFirstByte) {
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "new", settings_)));
  const std::vector<std::string> want = {"sync_directory " + directory_name(), "append f", "sync_all f"};
  EXPECT_EQ(faulty_.changes(), want);
}

TEST_F(WriteAppendFsync, SyncsTheNameOfAnEmptyFileSinceItsMakerMayNotHave) {
  spill(scratch_ / "f", "");
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "new", settings_)));
  const std::vector<std::string> want = {"sync_directory " + directory_name(), "append f", "sync_all f"};
  EXPECT_EQ(faulty_.changes(), want);
}

TEST_F(WriteAppendFsync, SyncsTheNameOfAFileWithBytesToo) {
  spill(scratch_ / "f", "old");
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "new", settings_)));
  const std::vector<std::string> want = {"sync_directory " + directory_name(), "append f", "sync_all f"};
  EXPECT_EQ(faulty_.changes(), want);
}

TEST_F(WriteAppendFsync, WritesWhereNobodyMayRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
  spill(scratch_ / "f", "old ");
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0222), 0);
  EXPECT_EQ(in_child([&]() -> std::string {
              if (::setgroups(0, nullptr) != 0 || ::setgid(23456) != 0 || ::setuid(12345) != 0) return "still root";
              const auto done = write_append_fsync(scratch_ / "f", "new");
              return done ? "" : done.error().message();
            }),
            "");
  EXPECT_EQ(slurp(scratch_ / "f"), "old new");
}

TEST_F(WriteAppendFsync, WritesToAnAppendOnlyFile) {
  spill(scratch_ / "f", "old ");
  const AppendOnly append_only(scratch_ / "f");
  if (!append_only.is_set()) GTEST_SKIP() << "needs root, and a filesystem with chattr +a";
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "new")));
  EXPECT_EQ(slurp(scratch_ / "f"), "old new");
}

TEST_F(WriteAppendFsync, NeverCutsWhatSomebodyElseAppended) {
  spill(scratch_ / "f", "old ");
  faulty_.set_hook([&, count = 0](const FsOp& op) mutable -> std::optional<Fault> {
    if (op.kind != OpKind::append && op.kind != OpKind::write) return std::nullopt;
    if (++count == 1) return Fault::shortened(2);
    std::ofstream(scratch_ / "f", std::ios::app) << "theirs";
    return Fault::error(ENOSPC);
  });
  EXPECT_TRUE(failed_with(Errc::no_space, write_append_fsync(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(slurp(scratch_ / "f"), "old netheirs");
}

TEST_F(WriteAppendFsync, SaysWhenItsPiecesAreApart) {
  spill(scratch_ / "f", "old ");
  faulty_.set_hook([&, count = 0](const FsOp& op) mutable -> std::optional<Fault> {
    if (op.kind != OpKind::append && op.kind != OpKind::write) return std::nullopt;
    if (++count == 1) return Fault::shortened(2);
    std::ofstream(scratch_ / "f", std::ios::app) << "theirs";
    return std::nullopt;
  });
  EXPECT_TRUE(failed_with(Errc::io, write_append_fsync(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(slurp(scratch_ / "f"), "old netheirsw");
}

TEST_F(WriteAppendFsync, NeedsNoTemporaryInAnAppendOnlyDirectory) {
  const AppendOnly append_only(scratch_.path());
  if (!append_only.is_set()) GTEST_SKIP() << "needs root, and a filesystem with chattr +a";
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "new")));
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
}

TEST_F(WriteAppendFsync, LeavesTheFileAloneIfNothingCouldBeWritten) {
  spill(scratch_ / "f", "old");
  faulty_.set_hook(fail_every(OpKind::append, Fault::error(ENOSPC)));
  EXPECT_TRUE(failed_with(Errc::no_space, write_append_fsync(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(slurp(scratch_ / "f"), "old");
}

TEST_F(WriteAppendFsync, TakesBackWhatWentBeforeTheFailure) {
  spill(scratch_ / "f", "old");
  int write_count = 0;
  faulty_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::append) return std::nullopt;
    return ++write_count == 1 ? Fault::shortened(2) : Fault::error(EIO);
  });
  EXPECT_TRUE(failed_with(Errc::io, write_append_fsync(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(slurp(scratch_ / "f"), "old");
}

TEST_F(WriteAppendFsync, TriesAFailedSyncOnce) {
  spill(scratch_ / "f", "old");
  int sync_count = 0;
  faulty_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::sync_all && op.kind != OpKind::sync_data) return std::nullopt;
    ++sync_count;
    return Fault::error(EIO);
  });
  EXPECT_TRUE(failed_with(Errc::io, write_append_fsync(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(sync_count, 1);
}

TEST_F(WriteAppendFsync, OpensWhatSomebodyElseMadeMeanwhile) {
  faulty_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::open_file && op.ordinal == 3) spill(scratch_ / "f", "theirs ");
    return std::nullopt;
  });
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "f", "ours", settings_)));
  EXPECT_EQ(slurp(scratch_ / "f"), "theirs ours");
}

TEST_F(WriteAppendFsync, RefusesWhatIsNotARegularFile) {
  spill(scratch_ / "f", "old");
  std::filesystem::create_symlink("f", scratch_ / "link");
  std::filesystem::create_symlink("absent", scratch_ / "dangling");
  std::filesystem::create_directory(scratch_ / "directory");
  ASSERT_EQ(::mkfifo((scratch_ / "fifo").c_str(), 0600), 0);
  for (const std::string_view name : {"link", "dangling", "directory", "fifo"}) {
    EXPECT_TRUE(failed_with(Errc::not_regular, write_append_fsync(scratch_ / name, "new"))) << name;
  }
  EXPECT_EQ(slurp(scratch_ / "f"), "old");
}

}  // namespace
}  // namespace safeatomic::test
