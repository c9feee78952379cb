// Each command's help ends with two examples, and they work as written.

#include <cstdlib>
#include <sstream>

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

class Examples : public ProgramTest {
 protected:
  // What the examples speak of.
  void prepare() const {
    using V = std::vector<std::string>;
    for (const V& command : {V{"append", "log"}, V{"append", "events"}}) {
      EXPECT_EQ(run(command, "door opened\nlight on\ndoor closed\n").status, 0);
    }
    for (const char* key : {"user:17", "session:4", "apple", "photo"}) {
      EXPECT_EQ(run({"put", "kv", "--key", key, "1"}).status, 0);
    }
    EXPECT_EQ(run({"put", "kv", "--key-hex", "00ff", "1"}).status, 0);
    write_file(in_dir("events.jsonl"), "{}\n");
    write_file(in_dir("wanted.txt"), "user:17\napple\n");
    write_file(in_dir("ada.jpg"), "a picture");
    EXPECT_EQ(run({"export", "kv", "backup.jsonl"}).status, 0);
    EXPECT_EQ(in_shell("gzip -k backup.jsonl"), 0);
  }

  // Its exit status; that of `timeout` for what goes on until it is stopped.
  [[nodiscard]] int in_shell(const std::string& line) const {
    const std::string path = std::filesystem::path(DATAWAL_PROGRAM).parent_path().string();
    write_file(in_dir("script"), "cd '" + in_dir("").string() + "' && PATH='" + path + "':\"$PATH\" && " + line + "\n");
    const int status = std::system(("timeout 20 bash '" + in_dir("script").string() + "' >/dev/null 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  [[nodiscard]] std::vector<std::string> lines_under(const std::vector<std::string>& command,
                                                     const std::string& heading) const {
    std::istringstream help(run(command).out);
    std::vector<std::string> lines;
    bool is_inside = false;
    for (std::string line; std::getline(help, line);) {
      if (line == heading) {
        is_inside = true;
      } else if (is_inside && !line.starts_with("  ")) {
        break;
      } else if (is_inside) {
        lines.push_back(line.substr(2));
      }
    }
    return lines;
  }
};

TEST_F(Examples, EndTheHelpOfEachCommandAndWork) {
  std::vector<std::string> commands;
  for (const std::string& line : lines_under({"help"}, "Commands:")) {
    if (line.at(0) != ' ') commands.push_back(line.substr(0, line.find(' ')));
  }
  ASSERT_GE(commands.size(), 20U);
  for (const std::string& command : commands) {
    const std::vector<std::string> examples = lines_under({"help", command}, "Examples:");
    ASSERT_GE(examples.size(), 2U) << command;
    for (const auto& entry : std::filesystem::directory_iterator(in_dir(""))) std::filesystem::remove_all(entry);
    prepare();
    if (command == "diff") {
      ASSERT_EQ(run({"checkpoint", "kv", "kv.monday"}).status, 0);
      ASSERT_EQ(run({"checkpoint", "log", "log.copy"}).status, 0);
    }
    for (auto example = examples.end() - 2; example != examples.end(); ++example) {
      // Looks on until it is stopped, by one signal: a second one would not let it end in good order.
      const bool goes_on = example->find(" -f") != std::string::npos || example->find("--watch") != std::string::npos;
      const std::string line = goes_on ? "timeout --foreground --preserve-status -s TERM 1 " + *example : *example;
      EXPECT_EQ(in_shell(line), 0) << *example;
    }
  }
}

TEST_F(Examples, AndAllElseInTheHelpFitIntoEightyColumns) {
  std::vector<std::string> commands = {"--json"};  // the overview
  for (const std::string& line : lines_under({"help"}, "Commands:")) {
    if (line.at(0) != ' ') commands.push_back(line.substr(0, line.find(' ')));
  }
  ASSERT_GE(commands.size(), 20U);
  for (const std::string& command : commands) {
    std::istringstream help(run({"help", command}).out);
    for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 80U) << command << ": " << line;
  }
}

TEST_F(Examples, HelpDoesNotMindOptions) {
  EXPECT_EQ(run({"help", "--json", "keys"}), run({"help", "keys"}));
  EXPECT_EQ(run({"--json", "help", "keys"}), run({"help", "keys"}));
  EXPECT_EQ(run({"help", "keys", "--prefix", "x"}), run({"help", "keys"}));
  EXPECT_EQ(run({"help", "--nonsense"}), run({"help"}));
  EXPECT_EQ(run({"help", "--json", "nonsense"}).status, 1);
}

TEST_F(Examples, TheHelpOfAllTellsTheExitStatuses) {
  EXPECT_THAT(run({"help"}).out, testing::AllOf(testing::HasSubstr("Exit status: 0 done; 1 usage"),
                                                testing::HasSubstr("2 a key is not there")));
}

TEST_F(Examples, HelpOfACommandIsWhatItSaysItself) {
  EXPECT_EQ(run({"help", "keys"}).out, run({"keys", "--help"}).out);
  EXPECT_EQ(run({"help"}).out, run({"--help"}).out);
  EXPECT_EQ(run({"help", "nonsense"}).status, 1);
}

}  // namespace
}  // namespace datawal::test
