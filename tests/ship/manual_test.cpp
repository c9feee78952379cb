// What is installed beside the program says what the program says of itself.

#include <CLI/CLI.hpp>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ship/outcome.hpp"
#include "ship/program.hpp"
#include "support/files.hpp"

namespace datawal::ship {
namespace {

using testing::HasSubstr;

std::string file(const std::string& name) {
  return datawal::test::read_file(std::filesystem::path(DATAWAL_SHIP_MANUAL) / name);
}

TEST(ShipManual, HasAPageForEachCommandWithEachOption) {
  CLI::App program;
  ship::Run run;
  define_program(program, run);
  const std::string overview = file("man1/datawal-ship.1");
  const std::string zsh = file("_datawal-ship");
  int commands = 0;
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) {
    ++commands;
    EXPECT_THAT(overview, HasSubstr("\\fBdatawal\\-ship\\-" + command->get_name() + "\\fR(1)"));
    EXPECT_THAT(zsh, HasSubstr("    '" + command->get_name() + ":"));
    const std::string page = file("man1/datawal-ship-" + command->get_name() + ".1");
    for (const char* heading : {".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXIT STATUS", ".SH SEE ALSO"}) {
      EXPECT_THAT(page, HasSubstr(heading)) << command->get_name();
    }
    EXPECT_THAT(page, HasSubstr("\\-\\-tls\\-ca"));
  }
  EXPECT_EQ(commands, 6);
}

TEST(ShipManual, BashCompletesCommandsAndOptions) {
  const datawal::test::TemporaryDirectory directory;
  const std::string out = (directory.path() / "out").string();
  datawal::test::write_file(
      directory.path() / "script",
      "source '" DATAWAL_SHIP_MANUAL
      "/datawal-ship.bash'\n"
      "COMP_WORDS=(datawal-ship ta) COMP_CWORD=1; _datawal_ship; echo \"${COMPREPLY[*]}\"\n"
      "COMP_WORDS=(datawal-ship run ./kv --metr) COMP_CWORD=3; _datawal_ship; echo \"${COMPREPLY[*]}\"\n");
  ASSERT_EQ(std::system(("bash '" + (directory.path() / "script").string() + "' > '" + out + "'").c_str()), 0);
  EXPECT_EQ(datawal::test::read_file(out), "takeover\n--metrics-file\n");
}

TEST(ShipManual, TheServiceIsNotStartedAgainAtWhatTryingAgainDoesNotMend) {
  const std::string unit = datawal::test::read_file(std::filesystem::path(DATAWAL_ROOT) /
                                                    "packaging/systemd/datawal-ship@.service");
  EXPECT_THAT(unit, HasSubstr("\nRestartPreventExitStatus=" + std::to_string(exit_other_history) + ' ' +
                              std::to_string(exit_not_owner) + ' ' + std::to_string(exit_stream_damaged) + '\n'));
}

}  // namespace
}  // namespace datawal::ship
