// What holds for every command: help, usage errors, standard output that cannot be written.

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class CommandLine : public ProgramTest {};

TEST_F(CommandLine, TellsItsVersionThatOfTheFormatAndHowItWasBuilt) {
  const Ended version = run({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.out, StartsWith("datawal 0.1.0\nwire version 1\n"));
  EXPECT_THAT(version.out,
              testing::MatchesRegex("(.*\n)*[A-Za-z]+ build by .+ for Linux .+, (static|shared) library\n"));
}

TEST_F(CommandLine, HelpNamesEveryCommandAndTheExitStatus) {
  const Ended help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.err, "");
  for (const char* name : {"append", "scan", "tail", "dump", "report", "verify", "repair", "Exit status: 0"}) {
    EXPECT_THAT(help.out, HasSubstr(name));
  }
}

TEST_F(CommandLine, HelpOfACommandExplainsItsOptionsWithAnExample) {
  static const struct {
    const char* command;
    std::vector<std::string> words;
  } rows[] = {
      {"append",
       {"--lines", "--null", "--whole", "--length-prefixed", "--key TEXT", "--sync WHEN", "--ack", "--segment-bytes N",
        "--write-path PATH", "--allow-network-filesystem", "DIR [FILE...]", "128 + N"}},
      {"scan", {"--limit N", "--from-segment N", "--from-offset N", "--bytes MODE", "--no-truncate", "DIR"}},
      {"tail", {"-n,--records N", "-f,--follow", "--interval N", "--bytes MODE", "--no-truncate", "DIR"}},
      {"dump", {"--limit N", "--from-segment N", "--from-offset N", "--bytes MODE", "--no-truncate", "DIR"}},
      {"report", {"tail_truncated", "quarantined_previously", "DIR"}},
      {"verify", {"watermark", "DIR"}},
      {"repair", {"--salvage OUT", "--allow-network-filesystem", "torn-OFFSET", "DIR"}},
  };
  for (const auto& row : rows) {
    const Ended help = run({row.command, "--help"});
    EXPECT_EQ(help.status, 0) << row.command;
    EXPECT_EQ(help.err, "") << row.command;
    EXPECT_THAT(help.out, HasSubstr(std::string("Usage: datawal ") + row.command + " [OPTIONS] DIR"));
    EXPECT_THAT(help.out,
                AllOf(HasSubstr("-h,--help"), HasSubstr("--json"), HasSubstr("Example"), HasSubstr("Exit status: 0")));
    for (const std::string& word : row.words) EXPECT_THAT(help.out, HasSubstr(word)) << row.command;
    EXPECT_EQ(run({row.command, "store", "--help"}).out, help.out) << row.command;
  }
}

TEST_F(CommandLine, RefusesWhatItDoesNotUnderstandWithStatus1) {
  static const struct {
    std::vector<std::string> arguments;
    const char* message;
  } rows[] = {
      {{}, "datawal: a command is missing, one of append, scan, "},
      {{"--frob"}, "datawal: "},
      {{"frob"}, "datawal: 'frob' is no command; see `datawal --help`\n"},
      {{"frob", "--json"}, "datawal: 'frob' is no command; see `datawal --help`\n"},
      {{"scan"}, "datawal scan: DIR is required; see `datawal scan --help`\n"},
      {{"scan", ""}, "datawal scan: DIR: the name is empty; see `datawal scan --help`\n"},
      {{"scan", "log", "more"}, "datawal scan: The following argument was not expected: more; see"},
      {{"scan", "log", "--frob"}, "datawal scan: The following argument was not expected: --frob; see"},
      {{"scan", "log", "--limit"}, "datawal scan: --limit"},
      {{"scan", "log", "--limit", "-1"}, "datawal scan: --limit: '-1' is not a number of 0 or more; see"},
      {{"scan", "log", "--limit", "0x1"}, "datawal scan: --limit: '0x1' is not a number of 0 or more; see"},
      {{"scan", "log", "--limit="}, "datawal scan: --limit: '' is not a number of 0 or more; see"},
      {{"scan", "log", "--from-offset", "1"}, "datawal scan: --from-offset requires --from-segment; see"},
      {{"scan", "log", "--bytes", "octal"}, "datawal scan: --bytes: 'octal' is none of auto, raw, base64, hex; see"},
      {{"append", "log", "--sync", "often"},
       "datawal append: --sync: 'often' is none of end, each, never, every=MS; see"},
      {{"append", "log", "--lines", "--whole"}, "datawal append: --"},
      {{"append", "log", "--ack", "--sync", "never"}, "datawal append: --ack waits for what is durable"},
      {{"append", "log", "--key", std::string(65537, 'k')}, "datawal append: --key is 65537 bytes long"},
      {{"append", "log", "--segment-bytes", "12Q"}, "datawal append: --segment-bytes: '12Q' is not a number of bytes"},
      {{"tail", "log", "-f", "--interval", "0"}, "datawal tail: --interval takes"},
  };
  for (const auto& row : rows) {
    const Ended ended = run(row.arguments);
    EXPECT_EQ(ended.status, 1) << row.message;
    EXPECT_EQ(ended.out, "") << row.message;
    EXPECT_THAT(ended.err, StartsWith(row.message));
  }
  EXPECT_FALSE(std::filesystem::exists(in_dir("log")));
}

// What an unset variable of a script leaves: taken for nothing, `compact DIR ""` would not make a copy, but change the store.
TEST_F(CommandLine, RefusesAnEmptyNameOfAFileOrDirectoryEverywhere) {
  EXPECT_EQ(run({"append", "log"}, "a\n").status, 0);
  const auto before = image_of("log");
  static const std::vector<std::vector<std::string>> rows = {
      {"append", "log", ""},
      {"append", "log", "-", ""},
      {"put", "log", "--key", "k", "--value-file", ""},
      {"put", "log", "--key", "k", "--value-file="},
      {"export", "log", ""},
      {"import", "log", ""},
      {"compact", "log", ""},
      {"compact", "log", "", "--dry-run"},
      {"checkpoint", "log", ""},
      {"checkpoint", "log", "copy", "--incremental", ""},
      {"checkpoint", "log", "copy", "--incremental="},
      {"repair", "log", "--salvage", ""},
  };
  for (const auto& row : rows) {
    const Ended ended = run(row);
    EXPECT_EQ(ended.status, 1) << testing::PrintToString(row);
    EXPECT_EQ(ended.out, "") << testing::PrintToString(row);
    EXPECT_THAT(ended.err, HasSubstr(": the name is empty; see `datawal " + row.front() + " --help`\n"));
  }
  for (const char* command : {"append", "scan", "tail", "dump", "report", "verify", "repair", "get", "put", "delete",
                              "check", "stat", "export", "import", "compact", "checkpoint", "trim"}) {
    const Ended ended = run({command, ""});
    EXPECT_EQ(ended.status, 1) << command;
    EXPECT_THAT(ended.err, HasSubstr("DIR: the name is empty")) << command;
  }
  EXPECT_EQ(image_of("log"), before);
  EXPECT_FALSE(std::filesystem::exists(in_dir("copy")));
}

TEST_F(CommandLine, TellsUsageErrorsAsJsonTooIfThatIsAskedFor) {
  EXPECT_THAT(run({"--json", "scan", "log", "--limit", "x"}).err,
              HasSubstr("\n{\"schema\":\"datawal.cli.v1\",\"kind\":\"error\",\"command\":\"scan\",\"code\":\"usage\","
                        "\"message\":\"--limit: 'x' is not a number of 0 or more; see `datawal scan --help`\","));
}

TEST_F(CommandLine, TakesArgumentsLiterally) {
  write_file(in_dir("[a,b]"), "bracketed\n");
  write_file(in_dir("-n"), "dash\n");
  write_file(in_dir("scan"), "command\n");
  EXPECT_EQ(run({"append", "log", "[a,b]", "scan", "--", "-n"}).status, 0);
  EXPECT_EQ(run({"append", "--key=", "log", "--key", "[k]", "scan"}).status, 1);
  EXPECT_EQ(run({"append", "log", "--key=", "scan"}).status, 0);
  EXPECT_EQ(run({"append", "log", "--key", "[k]", "scan"}).status, 0);
  EXPECT_EQ(run({"append", "log", "--key", "--json", "scan"}).out,
            "appended 1 record, 41 bytes; last txid 6, segment 1; all durable\n");
  EXPECT_EQ(payloads("log"), "bracketed\ncommand\ndash\ncommand\ncommand\ncommand\n");
  EXPECT_EQ(run({"append", "--", "-store", "scan"}).status, 0);
  EXPECT_EQ(run({"scan", "--", "-store"}).status, 0);
}

TEST_F(CommandLine, AFullStandardOutputIsNoSuccess) {
  EXPECT_EQ(run({"append", "log"}, "a\n").status, 0);
  static const std::vector<std::vector<std::string>> rows = {
      {"--help"},        {"scan", "--help"}, {"--version"},     {"scan", "log"}, {"scan", "log", "--json"},
      {"dump", "log"},   {"report", "log"},  {"verify", "log"}, {"tail", "log"}, {"tail", "log", "-f"},
      {"repair", "log"}, {"append", "log"}};
  for (const auto& row : rows) {
    const Ended ended = start(row, "/dev/full")->finish();
    EXPECT_EQ(ended.status, 3) << row.front();
    EXPECT_THAT(ended.err, HasSubstr("cannot write standard output: No space left on device")) << row.front();
  }
}

TEST_F(CommandLine, AStandardOutputThatNobodyReadsEndsItQuietly) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += "a line that is long enough to fill a pipe soon\n";
  EXPECT_EQ(run({"append", "log"}, lines).status, 0);
  for (const char* command : {"scan", "dump"}) {
    const auto running = start({command, "log"});
    running->read_line();
    running->close_output();
    const Ended ended = running->finish();
    EXPECT_EQ(ended.status, 1) << command;
    EXPECT_EQ(ended.err, "") << command;
  }
}

TEST_F(CommandLine, AClosedStandardOutputIsNotASegment) {
  // The shell closes it; whatever the program opens next must not take its place.
  const std::string command = "cd '" + in_dir("").string() +
                              "' && echo a | " DATAWAL_PROGRAM " append log >&- 2>/dev/null";
  EXPECT_NE(std::system(command.c_str()), 0);
  EXPECT_EQ(payloads("log"), "a\n");
  EXPECT_EQ(run({"verify", "log"}).status, 0);
}

}  // namespace
}  // namespace datawal::test
