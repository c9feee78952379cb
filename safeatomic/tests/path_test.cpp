// How the functions read a path.

#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>

#include "child_process.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

TEST(Path, ABareNameLiesInTheWorkingDirectory) {
  const ScratchDirectory scratch;
  const std::string verdict = in_child([&]() -> std::string {
    if (::chdir(scratch.path().c_str()) != 0) return "chdir failed";
    if (const auto done = write_atomic("atomic", "1"); !done) return done.error().message();
    if (const auto done = write_once("once", "2"); !done) return done.error().message();
    if (const auto done = write_once_with_parents("parents", "3"); !done) return done.error().message();
    if (const auto done = write_once_with_parents("a/b/parents", "4"); !done) return done.error().message();
    if (const auto done = write_append_fsync("append", "5"); !done) return done.error().message();
    if (const auto done = rename_atomic("append", "renamed"); !done) return done.error().message();
    if (const auto done = fsync_dir(""); !done) return done.error().message();
    if (const auto done = fsync_dir("."); !done) return done.error().message();
    return {};
  });
  EXPECT_EQ(verdict, "");
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{"a", "atomic", "once", "parents", "renamed"}));
  EXPECT_EQ(slurp(scratch / "a/b/parents"), "4");
  EXPECT_EQ(slurp(scratch / "renamed"), "5");
}

TEST(Path, MustEndInAName) {
  const ScratchDirectory scratch;
  spill(scratch / "f", "old");
  static const struct {
    const char* name;
    std::string path;
  } rows[] = {
      {"empty", ""},
      {"here", "."},
      {"above", ".."},
      {"the root", "/"},
      {"a slash at the end", scratch / "f/"},
      {"a dot at the end", scratch / "."},
      {"two dots at the end", scratch / ".."},
      {"a NUL in the name", (scratch / "f").native() + std::string("\0g", 2)},
      {"a NUL in the directory", scratch.path().native() + std::string("\0/f", 3)},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(failed_with(Errc::invalid_argument, write_atomic(row.path, "new")));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, write_once(row.path, "new")));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, write_once_with_parents(row.path, "new")));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, write_append_fsync(row.path, "new")));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, rename_atomic(row.path, scratch / "g")));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, rename_atomic(scratch / "f", row.path)));
  }
  EXPECT_EQ(slurp(scratch / "f"), "old");
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"f"});
}

TEST(Path, MayHoldAnyOtherByte) {
  const ScratchDirectory scratch;
  for (const std::string_view name : {"with space", "\xff\xfe", "new\nline", "...", "-rf", "\xc3\xa4"}) {
    EXPECT_TRUE(succeeded(write_atomic(scratch / name, name)));
    EXPECT_EQ(slurp(scratch / name), name);
  }
}

TEST(Path, MayUseTheWholeLengthOfAName) {
  const ScratchDirectory scratch;
  const std::string longest(255, 'n');
  EXPECT_TRUE(succeeded(write_atomic(scratch / longest, "content")));
  EXPECT_EQ(slurp(scratch / longest), "content");
  EXPECT_TRUE(failed_with(Errc::invalid_argument, write_atomic(scratch / (longest + "n"), "content")));
  EXPECT_EQ(scratch.names().size(), 1U);
}

TEST(Path, FollowsLinksAmongTheDirectories) {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch / "d");
  std::filesystem::create_directory_symlink("d", scratch / "link");
  EXPECT_TRUE(succeeded(write_atomic(scratch / "link/f", "content")));
  EXPECT_EQ(slurp(scratch / "d/f"), "content");
}

}  // namespace
}  // namespace safeatomic::test
