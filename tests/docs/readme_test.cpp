// README.md can be believed: its code is the example that is built, its shell lines run, its links lead somewhere.

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/markdown.hpp"

namespace datawal {
namespace {

using std::filesystem::path;

std::string readme() { return test::read_file(path(DATAWAL_ROOT) / "README.md"); }

TEST(Readme, HasAtMost120Lines) { EXPECT_LE(test::lines_of(readme()).size(), 120U); }

TEST(Readme, ShowsTheExampleThatIsBuilt) {
  const std::vector<std::string> shown = test::code_blocks(readme(), "cpp");
  ASSERT_EQ(shown.size(), 1U);
  std::string built = test::read_file(path(DATAWAL_ROOT) / "examples" / "quick_start.cpp");
  built.erase(0, built.find("#include"));  // the comment at its head
  EXPECT_EQ(shown.front(), built);
}

TEST(Readme, OfSafeatomicShowsExamplesThatRun) {
  const path root(DATAWAL_ROOT);
  std::vector<std::string> built;
  for (const char* name : {"write_atomic.cpp", "atomic_file.cpp", "power_loss.cpp", "crash_test.cpp"}) {
    std::string text = test::read_file(root / "examples" / name);
    built.push_back(text.erase(0, text.find("#include")));
  }
  EXPECT_EQ(test::code_blocks(test::read_file(root / "safeatomic" / "README.md"), "cpp"), built);

  const test::TemporaryDirectory directory;
  const std::string command = "cd '" + directory.path().string() +
                              "' && '" DATAWAL_WRITE_ATOMIC "' && '" DATAWAL_ATOMIC_FILE "' && '" DATAWAL_POWER_LOSS
                              "' > output && '" DATAWAL_CRASH_TEST "' >> output";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(test::read_file(directory.path() / "state.json"), "{\"step\": 7}\n");
  EXPECT_TRUE(test::read_file(directory.path() / "squares.txt").ends_with("\n998001\n1000000\n"));
  EXPECT_EQ(test::read_file(directory.path() / "output"), "the file is not there\nsafe\n");
}

#ifdef DATAWAL_PROGRAM_DIRECTORY
TEST(Readme, ShellLinesRunAsTheyStand) {
  const std::vector<std::string> shown = test::code_blocks(readme(), "sh");
  ASSERT_EQ(shown.size(), 2U) << "the commands of ./dev, then the lines with the program";
  const test::TemporaryDirectory directory;
  test::write_file(directory.path() / "lines.sh",
                   "set -e\nPATH='" DATAWAL_PROGRAM_DIRECTORY "':$PATH\n" + shown.back());
  const std::string command = "cd '" + directory.path().string() + "' && sh lines.sh > output";
  EXPECT_EQ(std::system(command.c_str()), 0) << shown.back();
  EXPECT_NE(test::read_file(directory.path() / "output").find("payload=two"), std::string::npos);
}
#endif

// Only links into the tree are looked up.
TEST(Readme, LinksAndNamesOnlyFilesThatExist) {
  for (const std::string name : {"README.md", "docs/DURABILITY.md"}) {
    const path document = path(DATAWAL_ROOT) / name;
    const std::string text = test::read_file(document);
    const std::regex link(R"(\]\(([^)#]+)[^)]*\))");
    int links = 0;
    for (std::sregex_iterator at(text.begin(), text.end(), link), last; at != last; ++at) {
      const std::string target = (*at)[1];
      if (target.starts_with("http")) continue;
      EXPECT_TRUE(exists(document.parent_path() / target)) << name << " links to " << target;
      ++links;
    }
    EXPECT_GT(links, 0) << name;
  }
  for (const test::Cells& row : test::table(readme(), "The tree")) {
    const std::string folder = row.at(0).substr(1, row.at(0).size() - 2);  // without its backticks
    EXPECT_TRUE(exists(path(DATAWAL_ROOT) / folder)) << folder;
  }
}

}  // namespace
}  // namespace datawal
