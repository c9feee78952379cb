// What every Directory must do.

#include <algorithm>
#include <string>
#include <vector>

#include <safeatomic/io.hpp>

#include "file_system_contract.hpp"
#include "outcome.hpp"

namespace safeatomic::test {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

TEST_P(FileSystemContract, OpensOnlyWhatIsThere) {
  EXPECT_TRUE(failed_with(Errc::not_found, directory().open_file("absent", {})));
  EXPECT_TRUE(failed_with(Errc::not_found, directory().open_file("absent", {.write = true})));
  EXPECT_TRUE(failed_with(Errc::not_found, directory().open_directory("absent")));
  EXPECT_TRUE(failed_with(Errc::not_found, directory().info_of("absent")));
  EXPECT_TRUE(failed_with(Errc::not_found, directory().unlink("absent")));
  EXPECT_TRUE(failed_with(Errc::not_found, file_system().open_directory(root() / "absent")));
}

TEST_P(FileSystemContract, CreateOpensWhatIsThereUnlessExclusive) {
  static_cast<void>(new_file("f", "abc"));
  const auto file = value_of(directory().open_file("f", {.write = true, .create = true}));
  EXPECT_EQ(content_of(*file), "abc");
  EXPECT_TRUE(failed_with(Errc::already_exists,
                          directory().open_file("f", {.write = true, .create = true, .exclusive = true})));
}

TEST_P(FileSystemContract, NewFilesAndDirectoriesHaveTheModeAskedFor) {
  static_cast<void>(value_of(directory().open_file("f", {.write = true, .create = true, .mode = 0400})));
  EXPECT_EQ(value_of(directory().info_of("f")).mode, 0400U);
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  EXPECT_EQ(value_of(directory().info_of("d")).mode, 0700U);
}

TEST_P(FileSystemContract, RefusesADirectoryWhereAFileBelongs) {
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("d", {})));
  EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("d", {.write = true})));
  EXPECT_TRUE(failed_with(Errc::not_regular, directory().unlink("d")));
}

TEST_P(FileSystemContract, RefusesAFileWhereADirectoryBelongs) {
  static_cast<void>(new_file("f"));
  EXPECT_TRUE(failed_with(Errc::io, directory().open_directory("f")));
  EXPECT_FALSE(directory().remove_directory("f"));
}

TEST_P(FileSystemContract, FollowsNoSymbolicLinkInTheLastComponent) {
  static_cast<void>(new_file("f", "abc"));
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  if (!world().make_symbolic_link("f", root() / "to_file")) GTEST_SKIP() << "no symbolic links here";
  ASSERT_TRUE(world().make_symbolic_link("d", root() / "to_directory"));
  ASSERT_TRUE(world().make_symbolic_link("absent", root() / "to_nothing"));
  for (const OpenMode& how : {OpenMode{}, OpenMode{.write = true}, OpenMode{.write = true, .create = true}}) {
    EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("to_file", how)));
    EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("to_nothing", how)));
  }
  EXPECT_TRUE(failed_with(Errc::io, directory().open_directory("to_directory")));
  EXPECT_EQ(value_of(directory().info_of("to_file")).kind, FileKind::other);
  EXPECT_TRUE(failed_with(Errc::not_found, directory().info_of("absent")));
}

TEST_P(FileSystemContract, RefusesAFifoWithoutWaiting) {
  if (!world().make_fifo(root() / "fifo")) GTEST_SKIP() << "no FIFOs here";
  EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("fifo", {})));
  EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("fifo", {.write = true})));
  EXPECT_EQ(value_of(directory().info_of("fifo")).kind, FileKind::other);
}

TEST_P(FileSystemContract, RefusesNamesThatAreNotOneComponent) {
  static_cast<void>(new_file("f"));
  const std::string_view bad_names[] = {"", ".", "..", "a/b", "/f", "f/", std::string_view("f\0g", 3)};
  for (const std::string_view name : bad_names) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().open_file(name, {.write = true, .create = true})));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().open_directory(name)));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().make_directory(name, 0700)));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().info_of(name)));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().unlink(name)));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().remove_directory(name)));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().link("f", directory(), name)));
    EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().rename("f", directory(), name, RenameMode::replace)));
  }
  EXPECT_EQ(value_of(directory().list()), std::vector<std::string>{"f"});
}

TEST_P(FileSystemContract, RefusesNamesThatAreTooLong) {
  const std::string name(256, 'n');
  EXPECT_TRUE(failed_with(Errc::invalid_argument, directory().open_file(name, {.write = true, .create = true})));
}

TEST_P(FileSystemContract, ListsEveryNameOnce) {
  EXPECT_TRUE(value_of(directory().list()).empty());
  static_cast<void>(new_file("b"));
  static_cast<void>(new_file(".hidden"));
  EXPECT_TRUE(succeeded(directory().make_directory("a", 0700)));
  const std::vector<std::string> want = {".hidden", "a", "b"};
  EXPECT_EQ(sorted(value_of(directory().list())), want);
  EXPECT_EQ(sorted(value_of(directory().list())), want) << "listing again starts again";
}

TEST_P(FileSystemContract, LinkGivesASecondNameButTakesNone) {
  const auto file = new_file("f", "abc");
  static_cast<void>(new_file("taken", "old"));
  EXPECT_TRUE(succeeded(directory().link("f", directory(), "g")));
  EXPECT_EQ(value_of(file->info()).link_count, 2U);
  EXPECT_EQ(value_of(directory().info_of("g")).inode, value_of(file->info()).inode);
  EXPECT_TRUE(failed_with(Errc::already_exists, directory().link("f", directory(), "taken")));
  EXPECT_EQ(content_of(*open_again("taken")), "old");
}

TEST_P(FileSystemContract, RenameReplaces) {
  static_cast<void>(new_file("f", "new"));
  static_cast<void>(new_file("g", "old"));
  EXPECT_TRUE(succeeded(directory().rename("f", directory(), "g", RenameMode::replace)));
  EXPECT_EQ(value_of(directory().list()), std::vector<std::string>{"g"});
  EXPECT_EQ(content_of(*open_again("g")), "new");
}

TEST_P(FileSystemContract, RenameThatMustNotReplaceDoesNot) {
  static_cast<void>(new_file("f", "new"));
  static_cast<void>(new_file("g", "old"));
  const Result<void> refused = directory().rename("f", directory(), "g", RenameMode::no_replace);
  if (!refused && refused.error().code == Errc::unsupported) GTEST_SKIP() << "cannot be promised here";
  EXPECT_TRUE(failed_with(Errc::already_exists, refused));
  EXPECT_EQ(content_of(*open_again("g")), "old");
  EXPECT_TRUE(succeeded(directory().rename("f", directory(), "h", RenameMode::no_replace)));
  EXPECT_EQ(content_of(*open_again("h")), "new");
}

TEST_P(FileSystemContract, RenamesAndLinksIntoAnotherDirectory) {
  static_cast<void>(new_file("f", "abc"));
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  const auto below = value_of(directory().open_directory("d"));
  EXPECT_TRUE(succeeded(directory().link("f", *below, "linked")));
  EXPECT_TRUE(succeeded(directory().rename("f", *below, "moved", RenameMode::replace)));
  EXPECT_EQ(sorted(value_of(below->list())), (std::vector<std::string>{"linked", "moved"}));
  EXPECT_EQ(value_of(directory().list()), std::vector<std::string>{"d"});
}

TEST_P(FileSystemContract, OpenDirectoryOutlivesARenameOfItsPath) {
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  const auto below = value_of(directory().open_directory("d"));
  EXPECT_TRUE(succeeded(directory().rename("d", directory(), "e", RenameMode::replace)));
  static_cast<void>(value_of(below->open_file("f", {.write = true, .create = true})));
  EXPECT_EQ(value_of(value_of(directory().open_directory("e"))->list()), std::vector<std::string>{"f"});
}

TEST_P(FileSystemContract, OpensTheDirectoryAbove) {
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  const auto below = value_of(directory().open_directory("d"));
  const auto above = value_of(below->open_parent());
  EXPECT_EQ(value_of(above->info()).inode, value_of(directory().info()).inode);
  EXPECT_EQ(value_of(above->info()).kind, FileKind::directory);
}

TEST_P(FileSystemContract, TheDirectoryAboveTheRootIsTheRoot) {
  const auto top = value_of(file_system().open_directory("/"));
  EXPECT_EQ(value_of(value_of(top->open_parent())->info()).inode, value_of(top->info()).inode);
}

TEST_P(FileSystemContract, MakesAndRemovesDirectories) {
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  EXPECT_TRUE(failed_with(Errc::already_exists, directory().make_directory("d", 0700)));
  const auto below = value_of(directory().open_directory("d"));
  static_cast<void>(value_of(below->open_file("f", {.write = true, .create = true})));
  EXPECT_FALSE(directory().remove_directory("d")) << "it is not empty";
  EXPECT_TRUE(succeeded(below->unlink("f")));
  EXPECT_TRUE(succeeded(directory().remove_directory("d")));
  EXPECT_TRUE(value_of(directory().list()).empty());
}

TEST_P(FileSystemContract, SyncsDirectories) {
  static_cast<void>(new_file("f"));
  EXPECT_TRUE(succeeded(directory().sync()));
  EXPECT_TRUE(succeeded(directory().sync_file_system()));
}

TEST_P(FileSystemContract, AnswersWhatKindOfFileSystemItIs) {
  EXPECT_FALSE(value_of(directory().is_network())) << "tests belong on a local filesystem";
  EXPECT_TRUE(succeeded(directory().reserves_for_good()));
}

TEST_P(FileSystemContract, DrawsNumbersThatDiffer) {
  EXPECT_NE(value_of(file_system().random()), value_of(file_system().random()));
}

TEST_P(FileSystemContract, ReadsLinksAndNothingElse) {
  static_cast<void>(new_file("f"));
  EXPECT_TRUE(failed_with(Errc::not_regular, directory().read_link("f")));
  const std::string far(1000, 'x');
  if (!world().make_symbolic_link("../some/where", root() / "link")) return;
  ASSERT_TRUE(world().make_symbolic_link(far, root() / "long"));
  EXPECT_EQ(value_of(directory().read_link("link")), "../some/where");
  EXPECT_EQ(value_of(directory().read_link("long")), far);
}

}  // namespace
}  // namespace safeatomic::test
