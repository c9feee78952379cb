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

class WriteOnce : public testing::Test {
 protected:
  [[nodiscard]] std::string directory_name() const { return scratch_.path().filename().native(); }

  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
  Settings settings_{.file_system = &faulty_};
};

TEST_F(WriteOnce, MakesAPrivateFile) {
  EXPECT_TRUE(value_of(write_once(scratch_ / "f", "content")));
  EXPECT_EQ(slurp(scratch_ / "f"), "content");
  EXPECT_EQ(mode_of(scratch_ / "f"), 0600U);
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
}

TEST_F(WriteOnce, LeavesWhatIsThereUntouched) {
  spill(scratch_ / "f", "old");
  ASSERT_EQ(::chmod((scratch_ / "f").c_str(), 0644), 0);
  EXPECT_FALSE(value_of(write_once(scratch_ / "f", "new")));
  EXPECT_EQ(slurp(scratch_ / "f"), "old");
  EXPECT_EQ(mode_of(scratch_ / "f"), 0644U);
}

TEST_F(WriteOnce, ANameIsTakenWhateverTakesIt) {
  std::filesystem::create_symlink("absent", scratch_ / "dangling");
  std::filesystem::create_directory(scratch_ / "directory");
  ASSERT_EQ(::mkfifo((scratch_ / "fifo").c_str(), 0600), 0);
  for (const std::string_view name : {"dangling", "directory", "fifo"}) {
    EXPECT_FALSE(value_of(write_once(scratch_ / name, "new"))) << name;
  }
  EXPECT_EQ(scratch_.names(), (std::vector<std::string>{"dangling", "directory", "fifo"}));
}

TEST_F(WriteOnce, NeverOverwritesWhatAppearsMeanwhile) {
  faulty_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::rename) spill(scratch_ / "f", "somebody's");  // after the look, before the leap
    return std::nullopt;
  });
  EXPECT_FALSE(value_of(write_once(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(slurp(scratch_ / "f"), "somebody's");
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"f"});
}

TEST_F(WriteOnce, SyncsTheContentBeforeTheNameAndTheNameBeforeItReturns) {
  EXPECT_TRUE(value_of(write_once(scratch_ / "f", "new", settings_)));
  const std::vector<std::string> want = {"write .tmp", "sync_all .tmp", "rename .tmp -> f",
                                         "sync_directory " + directory_name()};
  EXPECT_EQ(faulty_.changes(), want);
}

TEST_F(WriteOnce, SyncsANameThatItFoundSinceItsMakerMayNotHave) {
  spill(scratch_ / "f", "old");
  EXPECT_FALSE(value_of(write_once(scratch_ / "f", "new", settings_)));
  EXPECT_EQ(faulty_.changes(), std::vector<std::string>{"sync_directory " + directory_name()});
  faulty_.set_hook(fail_every(OpKind::sync_directory, Fault::error(EIO)));
  EXPECT_TRUE(failed_with(Errc::io, write_once(scratch_ / "f", "new", settings_)));
}

TEST_F(WriteOnce, NeedsItsDirectory) {
  EXPECT_TRUE(failed_with(Errc::not_found, write_once(scratch_ / "absent/f", "new")));
}

}  // namespace
}  // namespace safeatomic::test
