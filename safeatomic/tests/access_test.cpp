// Who may do what with a file that replaces another one: never more than before.

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>

#include "access_lists.hpp"
#include "child_process.hpp"
#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

constexpr uid_t owner = 12345;
constexpr gid_t owning_group = 23456;
constexpr uid_t named = 34567;
constexpr uid_t nobody_in_particular = 45678;
constexpr gid_t other_group = 56789;

using Entries = std::vector<AclEntry>;

/// `u::rw u:NAMED:RIGHTS g::GROUP m::rw o::OTHERS`
Entries list_with(unsigned of_named, unsigned of_group, unsigned of_others) {
  return {{AclTag::owner, 6},
          {AclTag::user, of_named, named},
          {AclTag::group, of_group},
          {AclTag::mask, 6},
          {AclTag::others, of_others}};
}

/// Below the directory for temporary files, and in memory.
class AccessOfAReplacedFile : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can ask what others may";
    ASSERT_EQ(::chmod(scratch_.path().c_str(), 0777), 0);
    if (!set_list(scratch_.path(), AclKind::access,
                  Entries{{AclTag::owner, 7}, {AclTag::group, 7}, {AclTag::others, 7}})) {
      GTEST_SKIP() << "this filesystem keeps no access control lists";
    }
  }

  [[nodiscard]] std::filesystem::path make_file() const {
    std::filesystem::path path = scratch_ / "f";
    spill(path, "old");
    EXPECT_EQ(::chown(path.c_str(), owner, owning_group), 0);
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
  }

  const ScratchDirectory scratch_{GetParam() == "memory" ? memory_backed_parent()
                                                         : std::filesystem::temp_directory_path()};
};

TEST_P(AccessOfAReplacedFile, ThatAListDeniedToTheGroupStaysDenied) {
  const std::filesystem::path path = make_file();
  ASSERT_TRUE(set_list(path, AclKind::access, list_with(6, 0, 0)));
  ASSERT_EQ(mode_of(path), 0660U) << "the middle bits are the mask";
  EXPECT_TRUE(succeeded(write_atomic(path, "new")));
  EXPECT_EQ(rights_of(nobody_in_particular, owning_group, path), "");
  EXPECT_EQ(rights_of(named, other_group, path), "rw");
  EXPECT_EQ(rights_of(owner, other_group, path), "rw");
  EXPECT_EQ(list_of(path), encode_list(list_with(6, 0, 0)));
  EXPECT_EQ(slurp(path), "new");
}

TEST_P(AccessOfAReplacedFile, IsNotInheritedByAFileThatHadNoList) {
  const std::filesystem::path path = make_file();
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  const Entries inherited = {
      {AclTag::owner, 7}, {AclTag::user, 6, named}, {AclTag::group, 0}, {AclTag::mask, 7}, {AclTag::others, 0}};
  ASSERT_TRUE(set_list(scratch_.path(), AclKind::inherited, inherited));
  EXPECT_TRUE(succeeded(write_atomic(path, "new")));
  EXPECT_EQ(rights_of(named, other_group, path), "");
  EXPECT_EQ(rights_of(nobody_in_particular, owning_group, path), "r");
  EXPECT_EQ(mode_of(path), 0640U);
  EXPECT_EQ(list_of(path), std::nullopt);
}

TEST_P(AccessOfAReplacedFile, IsThatOfTheFilesOwnListUnderADirectoryWithAnother) {
  const std::filesystem::path path = make_file();
  ASSERT_TRUE(set_list(path, AclKind::access, list_with(4, 0, 0)));
  const Entries inherited = {{AclTag::owner, 7},
                             {AclTag::user, 6, nobody_in_particular},
                             {AclTag::group, 6},
                             {AclTag::mask, 7},
                             {AclTag::others, 0}};
  ASSERT_TRUE(set_list(scratch_.path(), AclKind::inherited, inherited));
  EXPECT_TRUE(succeeded(write_atomic(path, "new")));
  EXPECT_EQ(list_of(path), encode_list(list_with(4, 0, 0)));
  EXPECT_EQ(rights_of(nobody_in_particular, other_group, path), "");
}

TEST_P(AccessOfAReplacedFile, IsNeverWidenedWhenSomebodyElseReplacesTheFile) {
  static constexpr struct {
    const char* name;
    unsigned of_named, of_group, of_others;
  } rows[] = {
      {"a named user more than the group", 6, 0, 0},
      {"a named user less than the others", 0, 6, 6},
      {"a named user only reads", 4, 6, 0},
      {"the group less than the others", 6, 0, 4},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const std::filesystem::path path = make_file();
    ASSERT_TRUE(set_list(path, AclKind::access, list_with(row.of_named, row.of_group, row.of_others)));
    const struct {
      uid_t uid;
      gid_t gid;
    } people[] = {{owner, other_group},
                  {named, other_group},
                  {named, owning_group},
                  {nobody_in_particular, owning_group},
                  {nobody_in_particular, other_group}};
    std::vector<std::string> before;
    for (const auto& person : people) before.push_back(rights_of(person.uid, person.gid, path));
    const std::string verdict = in_child([&]() -> std::string {
      if (::setgroups(0, nullptr) != 0 || ::setgid(other_group + 1) != 0 || ::setuid(owner + 1) != 0)
        return "still root";
      if (const auto done = write_atomic(path, "new"); !done) return done.error().message();
      return {};
    });
    EXPECT_EQ(verdict, "");
    EXPECT_EQ(slurp(path), "new");
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string now = rights_of(people[i].uid, people[i].gid, path);
      for (const char right : now) {
        EXPECT_NE(before[i].find(right), std::string::npos)
            << "user " << people[i].uid << ", group " << people[i].gid << ": " << now;
      }
    }
    std::filesystem::remove(path);
  }
}

INSTANTIATE_TEST_SUITE_P(On, AccessOfAReplacedFile, testing::Values("disk", "memory"),
                         [](const testing::TestParamInfo<std::string>& on) { return on.param; });

TEST_P(AccessOfAReplacedFile, IsKeptWithoutProc) {
  const std::filesystem::path path = make_file();
  ASSERT_TRUE(set_list(path, AclKind::access, list_with(6, 0, 0)));
  EXPECT_EQ(in_child([&]() -> std::string {
              if (::chroot(scratch_.path().c_str()) != 0 || ::chdir("/") != 0) return "no chroot";
              const Result<void> done = write_atomic("/f", "new");
              return done ? "" : done.error().message();
            }),
            "");
  EXPECT_EQ(list_of(path), encode_list(list_with(6, 0, 0)));
}

TEST_P(AccessOfAReplacedFile, IsThatOfAListThatWasSetMeanwhile) {
  const std::filesystem::path path = make_file();
  for (const OpKind kind : {OpKind::write, OpKind::copy_ownership, OpKind::rename}) {
    SCOPED_TRACE(to_string(kind));
    ASSERT_EQ(::chmod(path.c_str(), 0660), 0);
    FaultyFileSystem faulty;
    faulty.set_hook([&, done = false](const FsOp& op) mutable -> std::optional<Fault> {
      if (op.kind == kind && !std::exchange(done, true)) {
        EXPECT_TRUE(set_list(path, AclKind::access, list_with(6, 0, 0)));
      }
      return std::nullopt;
    });
    EXPECT_TRUE(succeeded(write_atomic(path, "new", {.file_system = &faulty})));
    EXPECT_EQ(list_of(path), encode_list(list_with(6, 0, 0)));
  }
}

TEST_P(AccessOfAReplacedFile, IsNeverWiderWhileTheListIsGiven) {
  const std::filesystem::path path = make_file();
  ASSERT_TRUE(set_list(path, AclKind::access, list_with(6, 0, 0)));
  int looks = 0;
  FaultyFileSystem faulty;
  faulty.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::set_access_control_list) {
      for (const std::string& name : scratch_.names()) {
        EXPECT_EQ(rights_of(nobody_in_particular, owning_group, scratch_ / name), "") << name;
      }
      ++looks;
    }
    if (op.kind == OpKind::rename) {  // so that the list is given once more, to a file that has one
      EXPECT_TRUE(set_list(path, AclKind::access, list_with(4, 0, 0)));
    }
    return std::nullopt;
  });
  EXPECT_TRUE(succeeded(write_atomic(path, "new", {.file_system = &faulty})));
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(list_of(path), encode_list(list_with(4, 0, 0)));
  EXPECT_EQ(mode_of(path), 0660U);
}

TEST_P(AccessOfAReplacedFile, OfOneGroupIsNotLentToTheNext) {
  const std::filesystem::path path = make_file();
  ASSERT_EQ(::chmod(path.c_str(), 0660), 0);
  // A user who may not give it away: what has been done by then stays.
  const std::string verdict = in_child([&]() -> std::string {
    if (::setgroups(0, nullptr) != 0 || ::setgid(owning_group) != 0 || ::setuid(owner) != 0) return "still root";
    const auto directory = posix_file_system().open_directory(scratch_.path());
    if (!directory) return directory.error().message();
    const auto file = (*directory)->open_file("f", {.write = true});
    if (!file) return file.error().message();
    const auto given = (*file)->copy_ownership({.mode = 0600, .owner = owner, .group = other_group});
    return given ? "was given to a group that one is not in" : "";
  });
  EXPECT_EQ(verdict, "");
  EXPECT_EQ(mode_of(path), 0600U);
}

TEST(ModeWithoutAList, IsWhatNobodyGainsBy) {
  const auto entries = [](unsigned named_user, unsigned group, unsigned named_group, unsigned mask) {
    return encode_list(Entries{{AclTag::owner, 6},
                               {AclTag::user, named_user, named},
                               {AclTag::group, group},
                               {AclTag::named_group, named_group, other_group},
                               {AclTag::mask, mask},
                               {AclTag::others, 4}});
  };
  const std::string whole = entries(7, 7, 7, 7);
  std::string newer = whole;
  newer[0] = 3;
  std::string strange = whole;
  strange[4] = 64;
  const struct {
    const char* name;
    std::string list;
    std::uint32_t mode, want;
  } rows[] = {
      {"no list", "", 0664, 0664},
      {"all have all", whole, 0774, 0774},
      {"the mask is not the group's", entries(7, 0, 7, 7), 0674, 0604},
      {"the mask takes from the group", entries(7, 7, 7, 4), 0644, 0644},
      {"the mask takes from all that are named", entries(7, 7, 7, 0), 0604, 0600},
      {"a named user without rights", entries(0, 6, 7, 7), 0674, 0600},
      {"a named group without rights", entries(7, 6, 0, 7), 0674, 0660},
      {"a newer version", newer, 0674, 0600},
      {"an entry of another kind", strange, 0674, 0600},
      {"cut", whole.substr(0, whole.size() - 1), 0674, 0600},
      {"too short", "x", 0674, 0600},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(mode_without_list({.mode = row.mode, .owner = 1, .group = 1, .list = row.list}), row.want) << row.name;
  }
}

class AccessMeanwhile : public testing::Test {
 protected:
  /// Calls `change` before the first operation of `kind`.
  void change_before(OpKind kind, std::function<void()> change) {
    faulty_.set_hook([kind, change = std::move(change), done = false](const FsOp& op) mutable -> std::optional<Fault> {
      if (op.kind == kind && !std::exchange(done, true)) change();
      return std::nullopt;
    });
  }

  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  Settings settings_{.file_system = &faulty_};
};

TEST_F(AccessMeanwhile, NarrowedWhileTheContentIsWrittenStaysNarrow) {
  for (const OpKind kind : {OpKind::write, OpKind::copy_ownership, OpKind::sync_all, OpKind::rename}) {
    SCOPED_TRACE(to_string(kind));
    spill(scratch_ / "f", "old");
    ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0644), 0);
    change_before(kind, [&] { ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0600), 0); });
    EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new", settings_)));
    EXPECT_EQ(mode_of(scratch_ / "f"), 0600U);
    EXPECT_EQ(slurp(scratch_ / "f"), "new");
    scratch_.clear();
  }
}

TEST_F(AccessMeanwhile, OfAFileThatAppearedWhileTheContentWasWrittenIsKept) {
  change_before(OpKind::write, [&] {
    spill(scratch_ / "f", "somebody's");
    ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0400), 0);
  });
  settings_.file_mode = 0644;
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(mode_of(scratch_ / "f"), 0400U);
}

TEST_F(AccessMeanwhile, OfAFileThatAnotherOneReplacedIsThatOfTheOther) {
  spill(scratch_ / "f", "old");
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0666), 0);
  change_before(OpKind::write, [&] {
    spill(scratch_ / "g", "theirs");
    ASSERT_EQ(::chmod((scratch_ / "g").c_str(), 0640), 0);
    std::filesystem::rename(scratch_ / "g", scratch_ / "f");
  });
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(mode_of(scratch_ / "f"), 0640U);
}

TEST_F(AccessMeanwhile, IsOnTheDiskBeforeTheName) {
  spill(scratch_ / "f", "old");
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0644), 0);
  change_before(OpKind::sync_all, [&] { ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0600), 0); });
  EXPECT_TRUE(succeeded(write_atomic(scratch_ / "f", "new", settings_)));
  const std::vector<std::string> want = {"write .tmp",
                                         "copy_ownership .tmp",
                                         "sync_all .tmp",
                                         "copy_ownership .tmp",
                                         "sync_all .tmp",
                                         "rename .tmp -> f",
                                         "sync_directory " + scratch_.path().filename().native()};
  EXPECT_EQ(faulty_.changes(), want);
}

TEST_F(AccessMeanwhile, RefusesWhatTookTheFilesPlace) {
  spill(scratch_ / "f", "old");
  change_before(OpKind::write, [&] {
    std::filesystem::remove(scratch_ / "f");
    std::filesystem::create_symlink("elsewhere", scratch_ / "f");
  });
  EXPECT_TRUE(failed_with(Errc::not_regular, write_atomic(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
}

}  // namespace
}  // namespace safeatomic::test
