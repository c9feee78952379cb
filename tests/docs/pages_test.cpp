// The pages of docs/: their links lead somewhere, their pictures are there, the shell lines of Recipes and Migrating run.

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <datawal/datawal.h>

#include "support/files.hpp"
#include "support/markdown.hpp"

namespace datawal {
namespace {

using std::filesystem::path;

path docs() { return path(DATAWAL_ROOT) / "docs"; }

std::vector<path> pages() {
  std::vector<path> found;
  for (const auto& entry : std::filesystem::directory_iterator(docs())) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  return found;
}

TEST(Pages, LinkOnlyToFilesThatExist) {
  const std::regex link(R"(\]\(([^)#]+)[^)]*\))");
  for (const path& page : pages()) {
    const std::string text = test::read_file(page);
    for (std::sregex_iterator at(text.begin(), text.end(), link), last; at != last; ++at) {
      const std::string target = (*at)[1];
      // What `./dev bench --peers` writes may not be there yet.
      if (!target.starts_with("http")) {
        EXPECT_TRUE(exists(page.parent_path() / target)) << page << " links to " << target;
      }
    }
  }
}

TEST(Pages, AreAllLinkedFromTheReadmeOrFromEachOther) {
  std::string texts = test::read_file(path(DATAWAL_ROOT) / "README.md");
  for (const path& page : pages()) texts += test::read_file(page);
  for (const path& page : pages()) {
    const std::string name = page.filename().string();
    EXPECT_TRUE(texts.contains("(" + name + ")") || texts.contains("(docs/" + name + ")")) << name;
  }
}

// All that is left of a title in a link to it.
std::string letters_of(std::string text) {
  std::erase_if(text, [](unsigned char c) { return std::isalnum(c) == 0; });
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

TEST(Pages, TroubleSaysWhatToDoAboutEveryCodeAndLinksToWhereItDoes) {
  const std::string text = test::read_file(docs() / "TROUBLE.md");
  for (int code = DATAWAL_OK + 1; code <= DATAWAL_PLACE_LOST; ++code) {
    const std::string name = datawal_code_name(static_cast<datawal_code>(code));
    EXPECT_TRUE(text.contains("`" + name + "`")) << name;
  }
  const std::regex link(R"(\]\(#([^)]+)\))");
  for (std::sregex_iterator at(text.begin(), text.end(), link), last; at != last; ++at) {
    const std::string title = letters_of((*at)[1].str());
    const bool is_there = std::ranges::any_of(test::lines_of(text), [&](const std::string& line) {
      return line.starts_with("## ") && letters_of(line) == title;
    });
    EXPECT_TRUE(is_there) << title;
  }
}

TEST(Pages, ArchitectureHasAtMost150Lines) {
  EXPECT_LE(test::lines_of(test::read_file(docs() / "ARCHITECTURE.md")).size(), 150U);
}

TEST(Pages, RecipesShowPartsOfExamplesThatRun) {
  std::string examples;
  for (const char* name : {"retention.cpp", "outbox.cpp", "crawler_cache.cpp", "cache_daemon.cpp", "mirror.cpp"}) {
    examples += test::read_file(path(DATAWAL_ROOT) / "examples" / name);
  }
  const std::vector<std::string> shown = test::code_blocks(test::read_file(docs() / "RECIPES.md"), "cpp");
  EXPECT_EQ(shown.size(), 6U);
  for (const std::string& block : shown) EXPECT_TRUE(examples.contains(block)) << block;

  const test::TemporaryDirectory directory;
  const std::string in = "cd '" + directory.path().string() + "' && ";
  EXPECT_EQ(std::system((in + DATAWAL_OUTBOX " > said && " DATAWAL_OUTBOX " >> said").c_str()), 0);
  EXPECT_EQ(test::read_file(directory.path() / "said"), "sent hello\nsent good bye\nsent hello\nsent good bye\n");
  EXPECT_EQ(std::system((in + DATAWAL_RETENTION " > said").c_str()), 0);
  const std::string said = test::read_file(directory.path() / "said");
  EXPECT_TRUE(said.starts_with("event ") && said.ends_with(" is the oldest\n") && said != "event 1 is the oldest\n")
      << said;
  EXPECT_EQ(std::system((in + DATAWAL_CRAWLER_CACHE " > said").c_str()), 0);
  EXPECT_EQ(test::read_file(directory.path() / "said"), "100 pages, 100 MB put\n");
}

#ifdef DATAWAL_PROGRAM_DIRECTORY
TEST(Pages, ShellLinesOfRecipesAndMigratingRun) {
  const bool has_jq = std::system("command -v jq > /dev/null") == 0;
  int ran = 0;
  for (const char* name : {"RECIPES.md", "MIGRATING.md"}) {
    for (const std::string& block : test::code_blocks(test::read_file(docs() / name), "sh")) {
      if (block.contains("jq ") && !has_jq) continue;  // packages.txt does not list it
      const test::TemporaryDirectory directory;
      test::write_file(directory.path() / "lines.sh", "set -e\nPATH='" DATAWAL_PROGRAM_DIRECTORY "':$PATH\n" + block);
      const std::string command = "cd '" + directory.path().string() + "' && sh lines.sh > output";
      EXPECT_EQ(std::system(command.c_str()), 0) << name << ":\n" << block;
      ++ran;
    }
  }
  EXPECT_GE(ran, 2);
}
#endif

#ifdef DATAWAL_FROM_LMDB
TEST(Pages, ConvertersCopyEveryKeyAndValue) {
  const test::TemporaryDirectory directory;
  const std::string in = "cd '" + directory.path().string() + "' && ";
  EXPECT_EQ(std::system((in + DATAWAL_OLD_STORES " leveldb lmdb").c_str()), 0);
  EXPECT_EQ(std::system((in + DATAWAL_FROM_LEVELDB " leveldb a > said").c_str()), 0);
  EXPECT_EQ(test::read_file(directory.path() / "said"), "1000 keys copied\n");
  EXPECT_EQ(std::system((in + DATAWAL_FROM_LMDB " lmdb b > said").c_str()), 0);
  EXPECT_EQ(test::read_file(directory.path() / "said"), "1000 keys copied, 0 further values of a key left out\n");
  const std::string program = DATAWAL_PROGRAM_DIRECTORY "/datawal";
  EXPECT_EQ(std::system((in + program + " export a a.jsonl && " + program +
                         " export b b.jsonl && cmp a.jsonl b.jsonl && " + "test $(wc -l < a.jsonl) = 1000")
                            .c_str()),
            0);
  EXPECT_NE(std::system((in + DATAWAL_FROM_LMDB " lmdb b 2> said").c_str()), 0) << "the target is not empty";
}
#endif

}  // namespace
}  // namespace datawal
