#include <cerrno>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/io.hpp>
#include <safeatomic/temporary.hpp>

#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class Temporary : public testing::Test {
 protected:
  TemporaryFile create(std::string_view content = "content") {
    TemporaryFile temporary = value_of(TemporaryFile::create(faulty_, *directory_, 0600));
    EXPECT_TRUE(succeeded(write_all(temporary.file(), 0, content)));
    return temporary;
  }

  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  std::unique_ptr<Directory> directory_ = value_of(faulty_.open_directory(scratch_.path()));
};

TEST(TemporaryName, IsRecognisedByItsExactForm) {
  EXPECT_TRUE(is_temporary_name(".tmp-0123456789abcdef.dwal-tmp"));
  for (const std::string_view name :
       {"", ".tmp-", ".dwal-tmp", ".tmp-.dwal-tmp", ".tmp-0123456789abcde.dwal-tmp", ".tmp-0123456789abcdef0.dwal-tmp",
        ".tmp-0123456789abcdeg.dwal-tmp", ".tmp-0123456789ABCDEF.dwal-tmp", "xtmp-0123456789abcdef.dwal-tmp",
        ".tmp-0123456789abcdef.dwal-tmq", "data.tmp"}) {
    EXPECT_FALSE(is_temporary_name(name)) << name;
  }
}

TEST(TemporaryName, IsNeverTheSame) {
  std::set<std::string> names;
  for (int draw = 0; draw < 1000; ++draw) names.insert(value_of(temporary_name(posix_file_system())));
  EXPECT_EQ(names.size(), 1000U);
  for (const std::string& name : names) EXPECT_TRUE(is_temporary_name(name)) << name;
}

TEST_F(Temporary, IsPrivateAndGoesWithItsObject) {
  {
    const TemporaryFile temporary = create();
    EXPECT_EQ(scratch_.names(), std::vector{temporary.name()});
    EXPECT_EQ(mode_of(scratch_ / temporary.name()), 0600U);
  }
  EXPECT_TRUE(scratch_.names().empty());
}

TEST_F(Temporary, MovingLeavesOneOwner) {
  std::optional<TemporaryFile> first = create("first");
  TemporaryFile second = create("second");
  second = std::move(*first);
  first.reset();
  EXPECT_EQ(scratch_.names(), std::vector{second.name()}) << "what it held before is gone";
  EXPECT_EQ(slurp(scratch_ / second.name()), "first");
}

TEST_F(Temporary, PublishesOverWhatIsThere) {
  spill(scratch_ / "f", "old");
  TemporaryFile temporary = create("new");
  EXPECT_TRUE(succeeded(temporary.publish_over("f")));
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
  EXPECT_EQ(slurp(scratch_ / "f"), "new");
}

TEST_F(Temporary, PublishesUnderANewNameOnly) {
  spill(scratch_ / "f", "old");
  {
    TemporaryFile temporary = create("new");
    EXPECT_FALSE(value_of(temporary.publish_new("f")));
    EXPECT_EQ(slurp(scratch_ / "f"), "old");
    EXPECT_TRUE(value_of(temporary.publish_new("g"))) << "it is still there to be published";
  }
  EXPECT_EQ(scratch_.names(), (std::vector<std::string>{"f", "g"}));
  EXPECT_EQ(slurp(scratch_ / "g"), "new");
}

TEST_F(Temporary, LinksWhereARenameMayReplace) {
  spill(scratch_ / "taken", "old");
  for (const int reason : {EOPNOTSUPP, ENOSYS}) {
    faulty_.set_hook(fail_every(OpKind::rename, Fault::error(reason)));
    TemporaryFile temporary = create("new");
    EXPECT_FALSE(value_of(temporary.publish_new("taken")));
    EXPECT_TRUE(value_of(temporary.publish_new("f"))) << reason;
    EXPECT_EQ(scratch_.names(), (std::vector<std::string>{"f", "taken"}));
    EXPECT_TRUE(succeeded(directory_->unlink("f")));
  }
}

TEST_F(Temporary, IsPublishedEvenIfItsOwnNameCannotBeRemoved) {
  TemporaryFile temporary = create();
  faulty_.set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::rename) return Fault::error(EOPNOTSUPP);
    if (op.kind == OpKind::unlink) return Fault::error(EIO);
    return std::nullopt;
  });
  EXPECT_TRUE(value_of(temporary.publish_new("f")));
  EXPECT_EQ(slurp(scratch_ / "f"), "content");
}

TEST_F(Temporary, GoesOnWithTheOpenFileAfterPublishing) {
  TemporaryFile temporary = create("abc");
  EXPECT_TRUE(succeeded(temporary.publish_over("f")));
  const std::unique_ptr<File> file = temporary.release();
  EXPECT_TRUE(succeeded(write_all(*file, 3, "def")));
  EXPECT_EQ(slurp(scratch_ / "f"), "abcdef");
}

/// Draws the given numbers first.
class Predictable final : public FaultyFileSystem {
 public:
  explicit Predictable(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
  Result<std::uint64_t> random() override {
    if (next_ < numbers_.size()) return numbers_[next_++];
    return FaultyFileSystem::random();
  }

 private:
  std::vector<std::uint64_t> numbers_;
  std::size_t next_ = 0;
};

TEST_F(Temporary, DrawsAgainWhenItsNameIsTakenAndLeavesThatAlone) {
  Predictable predictable({7, 7, 7, 8});
  const auto directory = value_of(predictable.open_directory(scratch_.path()));
  spill(scratch_ / ".tmp-0000000000000007.dwal-tmp", "somebody's");
  {
    EXPECT_EQ(value_of(TemporaryFile::create(predictable, *directory, 0600)).name(), ".tmp-0000000000000008.dwal-tmp");
  }
  EXPECT_EQ(slurp(scratch_ / ".tmp-0000000000000007.dwal-tmp"), "somebody's");
}

TEST_F(Temporary, GivesUpOnASourceOfNamesThatNeverChanges) {
  Predictable predictable(std::vector<std::uint64_t>(100, 7));
  const auto directory = value_of(predictable.open_directory(scratch_.path()));
  spill(scratch_ / ".tmp-0000000000000007.dwal-tmp", "");
  EXPECT_TRUE(failed_with(Errc::already_exists, TemporaryFile::create(predictable, *directory, 0600)));
}

}  // namespace
}  // namespace safeatomic::test
