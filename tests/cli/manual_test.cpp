// What is installed beside the program says what the program says of itself: manual pages, completion for shells.

#include <cstdlib>
#include <sstream>

#include "cli/needed_options.hpp"
#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Manual : public ProgramTest {
 protected:
  [[nodiscard]] static std::string file(const std::string& name) {
    return read_file(std::filesystem::path(DATAWAL_MANUAL) / name);
  }

  // The words at the start of the lines between `heading` and the next empty line of --help.
  [[nodiscard]] std::vector<std::string> first_words(const std::vector<std::string>& command,
                                                     const std::string& heading) const {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    std::istringstream help(run(arguments).out);
    std::vector<std::string> words;
    bool inside = false;
    for (std::string line; std::getline(help, line);) {
      if (line == heading) {
        inside = true;
      } else if (inside && line.empty()) {
        break;
      } else if (inside && line.starts_with("  ") && line.at(2) != ' ') {
        words.push_back(line.substr(2, line.find(' ', 2) - 2));
      }
    }
    return words;
  }

  // What bash offers for the last of `words`.
  [[nodiscard]] std::string completed(const std::string& words, int index) const {
    const std::string script = "source '" DATAWAL_MANUAL "/datawal.bash'; COMP_WORDS=(" + words +
                               "); COMP_CWORD=" + std::to_string(index) + "; _datawal; echo \"${COMPREPLY[*]}\" > '" +
                               in_dir("reply").string() + "'";
    write_file(in_dir("script"), script);
    EXPECT_EQ(std::system(("bash '" + in_dir("script").string() + "'").c_str()), 0);
    return read_file(in_dir("reply"));
  }
};

// As it stands in the source of a manual page.
std::string in_page(const std::string& names) {
  std::string text;
  for (const char c : names) text += c == '-' ? std::string("\\-") : std::string(1, c);
  const std::size_t comma = text.find(',');
  return comma == std::string::npos ? text : text.substr(0, comma) + ", " + text.substr(comma + 1);
}

TEST_F(Manual, HasAPageForEachCommandWithEachOption) {
  const std::vector<std::string> commands = first_words({}, "Commands:");
  ASSERT_GE(commands.size(), 15U);
  const std::string overview = file("man1/datawal.1");
  for (const std::string& command : commands) {
    EXPECT_THAT(overview, HasSubstr("\\fBdatawal\\-" + command + "\\fR(1)"));
    const std::string page = file("man1/datawal-" + command + ".1");
    for (const char* heading : {".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXIT STATUS", ".SH SEE ALSO"}) {
      EXPECT_THAT(page, HasSubstr(heading)) << command;
    }
    for (const std::string& option : first_words({command}, "Options:")) {
      EXPECT_THAT(page, HasSubstr("\\fB" + in_page(option) + "\\fR")) << command;
    }
  }
}

TEST(Usage, NamesTheOptionsThatACommandCannotDoWithout) {
  CLI::App command;
  command.add_option("DIR")->required();
  command.add_option("-o,--output")->option_text("FILE")->required();
  command.add_option("--title")->option_text("TEXT");
  EXPECT_EQ(cli::needed_options(command), " -o FILE");
}

TEST_F(Manual, BashCompletesCommandsOptionsAndTheirWords) {
  EXPECT_EQ(completed("datawal ap", 1), "append\n");
  EXPECT_EQ(completed("datawal --json scan ./log --no", 4), "--no-truncate\n");
  EXPECT_EQ(completed("datawal scan --bytes he", 3), "hex\n");
  EXPECT_EQ(completed("datawal scan ./lo", 2), "\n") << "files are left to the shell";
}

TEST_F(Manual, ZshKnowsEachCommand) {
  const std::string completion = file("_datawal");
  EXPECT_TRUE(completion.starts_with("#compdef datawal\n"));
  for (const std::string& command : first_words({}, "Commands:")) {
    EXPECT_THAT(completion, HasSubstr("    '" + command + ":"));
    EXPECT_THAT(completion, HasSubstr("  " + command + ")\n"));
  }
}

// `script` runs a command on a terminal of its own.
TEST_F(Manual, MessagesAreColouredOnATerminalUnlessNoColorIsSet) {
  const std::string out = in_dir("out").string();
  const std::string on_terminal = "script -qec '" DATAWAL_PROGRAM " frob' /dev/null > '" + out + "' < /dev/null";
  EXPECT_NE(std::system(("TERM=xterm NO_COLOR= " + on_terminal).c_str()), 0);
  EXPECT_THAT(read_file(out), HasSubstr("\033[1;31mdatawal:\033[0m 'frob' is no command"));
  EXPECT_NE(std::system(("TERM=xterm NO_COLOR=1 " + on_terminal).c_str()), 0);
  EXPECT_THAT(read_file(out), Not(HasSubstr("\033")));
  EXPECT_THAT(run({"frob"}).err, Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace datawal::test
