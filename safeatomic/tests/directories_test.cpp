// Directories that let less be done in them than others.

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>

#include "append_only.hpp"
#include "child_process.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

TEST(AppendOnlyDirectory, IsRefusedBeforeATemporaryIsMade) {
  const ScratchDirectory scratch;
  spill(scratch / "f", "old");
  const AppendOnly append_only(scratch.path());
  if (!append_only.is_set()) GTEST_SKIP() << "needs root, and a filesystem with chattr +a";
  EXPECT_TRUE(failed_with(Errc::permission, write_atomic(scratch / "f", "new")));
  EXPECT_TRUE(failed_with(Errc::permission, write_atomic(scratch / "g", "new")));
  EXPECT_TRUE(failed_with(Errc::permission, write_once(scratch / "g", "new")));
  EXPECT_TRUE(failed_with(Errc::permission, write_once_with_parents(scratch / "g", "new")));
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"f"});
  EXPECT_EQ(slurp(scratch / "f"), "old");
}

TEST(DirectoryThatMayNotBeRead, IsRefusedSinceItsNamesCannotBeSynced) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  const ScratchDirectory scratch;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0333), 0);
  const std::string verdict = in_child([&]() -> std::string {
    if (::setgroups(0, nullptr) != 0 || ::setgid(23456) != 0 || ::setuid(12345) != 0) return "still root";
    const Result<void> done = write_atomic(scratch / "f", "new");
    if (done) return "it was not refused";
    return done.error().code == Errc::permission ? "" : done.error().message();
  });
  EXPECT_EQ(verdict, "");
  EXPECT_TRUE(scratch.names().empty());
}

}  // namespace
}  // namespace safeatomic::test
