// What a file keeps of the one it replaces.

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>
#include <safeatomic/temporary.hpp>

#include "child_process.hpp"
#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

constexpr uid_t somebody = 12345;
constexpr gid_t some_group = 23456;

class Ownership : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  }

  ScratchDirectory scratch_;
};

struct stat status_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status;
}

TEST_F(Ownership, OfAReplacedFileIsKept) {
  spill(scratch_ / "f", "old");
  ASSERT_EQ(::chown((scratch_ / "f").c_str(), somebody, some_group), 0);
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0640), 0);
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new")));
  const struct stat status = status_of(scratch_ / "f");
  EXPECT_EQ(status.st_uid, somebody);
  EXPECT_EQ(status.st_gid, some_group);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
}

TEST_F(Ownership, BringsNoSetUserIdToNewContent) {
  spill(scratch_ / "f", "old");
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 06755), 0);
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new")));
  EXPECT_EQ(status_of(scratch_ / "f").st_mode & 07777, 0755U);
}

TEST_F(Ownership, ThatCannotBeKeptNarrowsThePermissions) {
  static constexpr struct {
    const char* name;
    std::uint32_t mode;
    int refused_count;  // how often the operating system does not let us
    std::uint32_t want_mode;
    bool keeps_owner, keeps_group;
  } rows[] = {
      {"all is kept", 0640, 0, 0640, true, true},
      {"the group is kept, private to it", 0640, 1, 0640, false, true},
      {"the group is kept, the old owner had less than it", 0460, 1, 0440, false, true},
      {"the group is kept, the old owner had less than all", 0406, 1, 0404, false, true},
      {"nothing is kept, private to the group", 0640, 2, 0600, false, false},
      {"nothing is kept, closed to the group", 0604, 2, 0600, false, false},
      {"nothing is kept, readable by all", 0644, 2, 0644, false, false},
      {"nothing is kept, writable by the group", 0664, 2, 0644, false, false},
      {"nothing is kept, open to all", 0666, 2, 0666, false, false},
      {"nothing is kept, closed to the old owner", 0066, 2, 0000, false, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    FaultyFileSystem faulty;
    int refused_count = row.refused_count;
    faulty.set_hook([&](const FsOp& op) -> std::optional<Fault> {
      if (op.kind != OpKind::copy_ownership || refused_count-- <= 0) return std::nullopt;
      return Fault::error(EPERM);
    });
    const auto directory = value_of(faulty.open_directory(scratch_.path()));
    TemporaryFile temporary = value_of(TemporaryFile::create(faulty, *directory, 0600));
    EXPECT_TRUE(succeeded(
        temporary.take_ownership_of({.mode = row.mode, .owner = std::uint32_t{somebody}, .group = some_group})));
    const FileInfo got = value_of(temporary.file().info());
    EXPECT_EQ(got.mode, row.want_mode);
    EXPECT_EQ(got.owner, row.keeps_owner ? somebody : ::geteuid());
    EXPECT_EQ(got.group, row.keeps_group ? some_group : ::getegid());
  }
}

TEST_F(Ownership, OfSomebodyElsesFileIsNarrowedForAnOrdinaryUser) {
  ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
  for (const std::string_view name : {"private", "public"}) spill(scratch_ / name, "root's");
  ASSERT_EQ(::chmod((scratch_ / "private").c_str(), 0640), 0);
  ASSERT_EQ(::chmod((scratch_ / "public").c_str(), 0644), 0);
  const std::string verdict = in_child([&]() -> std::string {
    if (::setgroups(0, nullptr) != 0 || ::setgid(some_group) != 0 || ::setuid(somebody) != 0) return "still root";
    if (const auto done = write_atomic(scratch_ / "private", "new"); !done) return done.error().message();
    if (const auto done = write_atomic(scratch_ / "public", "new"); !done) return done.error().message();
    return {};
  });
  EXPECT_EQ(verdict, "");
  EXPECT_EQ(status_of(scratch_ / "private").st_uid, somebody);
  EXPECT_EQ(mode_of(scratch_ / "private"), 0600U);
  EXPECT_EQ(mode_of(scratch_ / "public"), 0644U);
  EXPECT_EQ(slurp(scratch_ / "private"), "new");
}

TEST_F(Ownership, KeepsAGroupThatTheUserBelongsTo) {
  ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
  spill(scratch_ / "f", "old");
  ASSERT_EQ(::chown((scratch_ / "f").c_str(), somebody, some_group + 1), 0);
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0660), 0);
  const std::string verdict = in_child([&]() -> std::string {
    const gid_t groups[] = {some_group, some_group + 1};
    if (::setgroups(2, groups) != 0 || ::setgid(some_group) != 0 || ::setuid(somebody) != 0) return "still root";
    if (const auto done = write_atomic(scratch_ / "f", "new"); !done) return done.error().message();
    return {};
  });
  EXPECT_EQ(verdict, "");
  EXPECT_EQ(status_of(scratch_ / "f").st_gid, some_group + 1);
  EXPECT_EQ(mode_of(scratch_ / "f"), 0660U);
}

}  // namespace
}  // namespace safeatomic::test
