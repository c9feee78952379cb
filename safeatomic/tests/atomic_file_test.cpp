// Replacing a file in pieces, and what Settings let write_atomic and its kin go on with.

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/atomic_file.hpp>
#include <safeatomic/safeatomic.hpp>

#include "child_process.hpp"
#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class AtomicFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string directory_name() const { return scratch_.path().filename().native(); }

  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  Settings settings_{.file_system = &faulty_};
};

using AtomicFiles = AtomicFileTest;

TEST_F(AtomicFiles, AreSeenWhenTheyAreCommitted) {
  spill(scratch_ / "f", "old");
  AtomicFile file = value_of(AtomicFile::open(scratch_ / "f"));
  EXPECT_TRUE(succeeded(file.write("in ")));
  EXPECT_TRUE(succeeded(file.write("pieces")));
  EXPECT_EQ(slurp(scratch_ / "f"), "old");
  EXPECT_TRUE(succeeded(file.commit()));
  EXPECT_EQ(slurp(scratch_ / "f"), "in pieces");
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
}

TEST_F(AtomicFiles, AreGoneUnlessTheyAreCommitted) {
  {
    AtomicFile discarded = value_of(AtomicFile::open(scratch_ / "f"));
    EXPECT_EQ(scratch_.names().size(), 1U);
    discarded.discard();
    EXPECT_TRUE(scratch_.names().empty());
    AtomicFile forgotten = value_of(AtomicFile::open(scratch_ / "f"));
    EXPECT_TRUE(succeeded(forgotten.write("content")));
  }
  EXPECT_TRUE(scratch_.names().empty());
}

TEST_F(AtomicFiles, AreOfNoUseTwice) {
  AtomicFile file = value_of(AtomicFile::open(scratch_ / "f"));
  EXPECT_TRUE(succeeded(file.commit()));
  EXPECT_TRUE(failed_with(Errc::invalid_argument, file.commit()));
  EXPECT_TRUE(failed_with(Errc::invalid_argument, file.write("more")));
  EXPECT_EQ(slurp(scratch_ / "f"), "");
}

TEST_F(AtomicFiles, AreDiscardedWithTheFirstFailedWrite) {
  AtomicFile file = value_of(AtomicFile::open(scratch_ / "f", settings_));
  faulty_.set_hook(fail_every(OpKind::write, Fault::error(ENOSPC)));
  EXPECT_TRUE(failed_with(Errc::no_space, file.write("content")));
  EXPECT_TRUE(scratch_.names().empty());
  EXPECT_TRUE(failed_with(Errc::invalid_argument, file.commit()));
}

TEST_F(AtomicFiles, MoveWithTheirTemporary) {
  AtomicFile first = value_of(AtomicFile::open(scratch_ / "f"));
  AtomicFile second = value_of(AtomicFile::open(scratch_ / "g"));
  EXPECT_TRUE(succeeded(first.write("first")));
  second = std::move(first);
  EXPECT_EQ(scratch_.names().size(), 1U) << "what it held before is gone";
  EXPECT_TRUE(succeeded(second.commit()));
  EXPECT_EQ(slurp(scratch_ / "f"), "first");
}

using FollowSymlinks = AtomicFileTest;

TEST_F(FollowSymlinks, ReplacesWhatTheLinkNames) {
  std::filesystem::create_directory(scratch_ / "d");
  spill(scratch_ / "d/f", "old");
  std::filesystem::create_symlink("d/f", scratch_ / "relative");
  std::filesystem::create_symlink(scratch_ / "relative", scratch_ / "absolute");
  for (const std::string_view name : {"relative", "absolute"}) {
    EXPECT_TRUE(failed_with(Errc::not_regular, write_atomic(scratch_ / name, name)));
    EXPECT_TRUE(succeeded(write_atomic(scratch_ / name, name, {.follow_symlinks = true})));
    EXPECT_TRUE(std::filesystem::is_symlink(scratch_ / name));
    EXPECT_EQ(slurp(scratch_ / "d/f"), name);
  }
  EXPECT_TRUE(succeeded(write_append_fsync(scratch_ / "relative", "+", {.follow_symlinks = true})));
  EXPECT_EQ(slurp(scratch_ / "d/f"), "absolute+");
}

TEST_F(FollowSymlinks, MakesWhatADanglingLinkNames) {
  std::filesystem::create_symlink("f", scratch_ / "link");
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "link", "new", {.follow_symlinks = true})));
  EXPECT_EQ(slurp(scratch_ / "f"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(scratch_ / "link"));
}

TEST_F(FollowSymlinks, EndsInACircle) {
  std::filesystem::create_symlink("b", scratch_ / "a");
  std::filesystem::create_symlink("a", scratch_ / "b");
  EXPECT_TRUE(failed_with(Errc::not_regular, write_atomic(scratch_ / "a", "new", {.follow_symlinks = true})));
  EXPECT_TRUE(failed_with(Errc::not_regular, write_append_fsync(scratch_ / "a", "new", {.follow_symlinks = true})));
}

TEST_F(FollowSymlinks, StillRefusesWhatIsNotARegularFile) {
  ASSERT_EQ(::mkfifo((scratch_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("fifo", scratch_ / "link");
  for (const std::string_view name : {"fifo", "link"}) {
    EXPECT_TRUE(failed_with(Errc::not_regular, write_atomic(scratch_ / name, "new", {.follow_symlinks = true})));
  }
}

using KeepAccessSetting = AtomicFileTest;

TEST_F(KeepAccessSetting, SaysWhatARefusedChangeOfOwnerOrModeMeans) {
  static constexpr struct {
    const char* name;
    KeepAccess keep;
    int os_errno;
    int refused_count;
    std::optional<Errc> want;
    unsigned want_mode;
  } rows[] = {
      {"narrowed", KeepAccess::or_narrow, EPERM, 1, std::nullopt, 0644},
      {"narrowed, not implemented", KeepAccess::or_narrow, ENOSYS, 2, std::nullopt, 0644},
      {"nothing can be changed", KeepAccess::or_narrow, EPERM, 9, Errc::permission, 0},
      {"nothing can be changed, not implemented", KeepAccess::or_narrow, ENOSYS, 9, Errc::unsupported, 0},
      {"exactly", KeepAccess::exactly, EPERM, 1, Errc::permission, 0},
      {"going on", KeepAccess::if_possible, EPERM, 9, std::nullopt, 0600},
      {"going on, not implemented", KeepAccess::if_possible, ENOSYS, 9, std::nullopt, 0600},
      {"going on, narrowed", KeepAccess::if_possible, EPERM, 1, std::nullopt, 0644},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    spill(scratch_ / "f", "old");
    ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0644), 0);
    faulty_.set_hook([&, refused = row.refused_count](const FsOp& op) mutable -> std::optional<Fault> {
      if (op.kind != OpKind::copy_ownership || refused-- <= 0) return std::nullopt;
      return Fault::error(row.os_errno);
    });
    settings_.keep_access = row.keep;
    const Result<void> done = write_atomic(scratch_ / "f", "new", settings_);
    if (row.want) {
      EXPECT_TRUE(failed_with(*row.want, done));
      EXPECT_EQ(slurp(scratch_ / "f"), "old");
    } else {
      EXPECT_TRUE(succeeded(done));
      EXPECT_EQ(slurp(scratch_ / "f"), "new");
      EXPECT_EQ(mode_of(scratch_ / "f"), row.want_mode);
    }
    EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
  }
}

using DirectorySyncSetting = AtomicFileTest;

TEST_F(DirectorySyncSetting, LetsAllFunctionsGoOnWhereDirectoriesCannotBeSynced) {
  for (const int reason : {EOPNOTSUPP, ENOSYS}) {
    faulty_.set_hook(fail_every(OpKind::sync_directory, Fault::error(reason)));
    const auto all = [&](bool is_required) {
      settings_.require_directory_sync = is_required;
      spill(scratch_ / "from", "content");
      std::vector<Result<void>> results;
      const auto add = [&](const auto& result) {
        results.push_back(result ? Result<void>() : Result<void>(std::unexpected(result.error())));
      };
      add(write_atomic(scratch_ / "f", "new", settings_));
      add(write_once(scratch_ / "once", "new", settings_));
      add(write_once_with_parents(scratch_ / "a/b/f", "new", settings_));
      add(write_append_fsync(scratch_ / "log", "new", settings_));
      add(rename_atomic(scratch_ / "from", scratch_ / "to", settings_));
      add(fsync_dir(scratch_.path(), settings_));
      return results;
    };
    for (const Result<void>& result : all(true)) EXPECT_TRUE(failed_with(Errc::unsupported, result));
    for (const Result<void>& result : all(false)) EXPECT_TRUE(succeeded(result));
    EXPECT_EQ(slurp(scratch_ / "f"), "new");
    EXPECT_EQ(slurp(scratch_ / "to"), "content");
    scratch_.clear();
  }
}

TEST_F(DirectorySyncSetting, PassesOverNoOtherFailure) {
  faulty_.set_hook(fail_every(OpKind::sync_directory, Fault::error(EIO)));
  settings_.require_directory_sync = false;
  EXPECT_TRUE(failed_with(Errc::io, write_atomic(scratch_ / "f", "new", settings_)));
}

TEST(MountPoint, IsToldApartWithTheWayOut) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  const ScratchDirectory scratch;
  spill(scratch / "f", "mounted over");
  spill(scratch / "elsewhere", "mounted");
  const std::string verdict = in_child([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount((scratch / "elsewhere").c_str(), (scratch / "f").c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return "skip";
    }
    const Result<void> done = write_atomic(scratch / "f", "new");
    if (done) return "it was replaced";
    if (done.error().code != Errc::busy) return "another code: " + done.error().message();
    if (done.error().message().find("mount the directory") == std::string::npos) return done.error().message();
    if (slurp(scratch / "f") != "mounted") return "the content changed";
    return scratch.names().size() == 2 ? "" : "something was left behind";
  });
  if (verdict == "skip") GTEST_SKIP() << "needs a mount namespace";
  EXPECT_EQ(verdict, "");
}

}  // namespace
}  // namespace safeatomic::test
