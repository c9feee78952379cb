// Which records the looking commands print, and payloads as they are.

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class Selection : public ProgramTest {
 protected:
  Selection() {
    EXPECT_EQ(run({"append", "log", "--segment-bytes", "120"}, lines_).status, 0);
    EXPECT_EQ(run({"put", "log", "--key", "user:1", "Ada"}).status, 0);
    EXPECT_EQ(run({"put", "log", "--key", "user:2", "door"}).status, 0);
    EXPECT_EQ(run({"delete", "log", "--key", "user:1"}).status, 0);
  }

  /// The payloads that `cat` prints with these options.
  [[nodiscard]] std::string cat(std::vector<std::string> options) const {
    options.insert(options.begin(), {"cat", "log"});
    const Ended ended = run(options);
    EXPECT_EQ(ended.status, 0) << ended.err;
    return ended.out;
  }

  const std::string lines_ = "door opened\nlight on\ndoor closed\nlight off\nrain\n";
};

TEST_F(Selection, CatGivesBackTheLinesThatWereAppended) { EXPECT_EQ(cat({"--type", "raw"}), lines_); }

TEST_F(Selection, CatGivesBackEveryByteInTheFramingInWhichItWasAppended) {
  using namespace std::string_view_literals;
  const std::string bytes("\x03\0\0\0a\nb\0\0\0\0\x02\0\0\0\0\xFF"sv);
  ASSERT_EQ(run({"append", "bytes", "--length-prefixed"}, bytes).status, 0);
  EXPECT_EQ(run({"cat", "bytes", "--length-prefixed"}), (Ended{0, bytes, ""}));
  const std::string words("one\0two\0"sv);
  ASSERT_EQ(run({"append", "words", "--null"}, words).status, 0);
  EXPECT_EQ(run({"cat", "words", "--null"}), (Ended{0, words, ""}));
  ASSERT_EQ(run({"append", "whole", "--whole"}, bytes).status, 0);
  EXPECT_EQ(run({"cat", "whole", "--whole"}), (Ended{0, bytes, ""}));
}

TEST_F(Selection, CatSaysThatPayloadsHoldWhatSeparatesThem) {
  ASSERT_EQ(run({"append", "two", "--null"}, std::string_view("a\nb\0c\0", 6)).status, 0);
  const Ended ended = run({"cat", "two"});
  EXPECT_EQ(ended.out, "a\nb\nc\n");
  EXPECT_THAT(ended.err, HasSubstr("1 payload holds what separates them here: --length-prefixed"));
  EXPECT_EQ(ended.status, 0);
}

TEST_F(Selection, CatPrintsJson) {
  EXPECT_EQ(
      run({"--json", "cat", "log", "--limit", "1"}).out,
      "{\"schema\":\"datawal.cli.v1\",\"kind\":\"payload\",\"txid\":1,\"payload_base64\":\"ZG9vciBvcGVuZWQ=\"}\n");
}

TEST_F(Selection, IsByWhatTheRecordsAre) {
  static const struct {
    std::vector<std::string> options;
    std::string payloads;
  } rows[] = {
      {{"--grep", "door"}, "door opened\ndoor closed\ndoor\n"},
      {{"--grep", "user"}, "Ada\ndoor\n\n"},
      {{"--grep", "door", "--type", "put"}, "door\n"},
      {{"--key-prefix", "user:1"}, "Ada\n\n"},
      {{"--type", "delete"}, "\n"},
      {{"--from-txid", "5", "--to-txid", "6"}, "rain\nAda\n"},
      {{"--from-txid", "9"}, ""},
      {{"--grep", "nowhere"}, ""},
  };
  for (const auto& row : rows) EXPECT_EQ(cat(row.options), row.payloads) << testing::PrintToString(row.options);
}

TEST_F(Selection, IsByARegularExpression) {
  const Ended ended = run({"cat", "log", "--grep-regex", "^(door|light) o"});
  if (ended.err.find("built without RE2") != std::string::npos) GTEST_SKIP() << ended.err;
  EXPECT_EQ(ended, (Ended{0, "door opened\nlight on\nlight off\n", ""}));
  const Ended wrong = run({"cat", "log", "--grep-regex", "(door"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("'(door' is no regular expression"));
}

TEST_F(Selection, TakesTheLastOnesOfThose) {
  EXPECT_EQ(cat({"--last", "2"}), "door\n\n");
  EXPECT_EQ(cat({"--last", "2", "--grep", "door"}), "door closed\ndoor\n");
  EXPECT_EQ(cat({"--last", "3", "--limit", "1"}), "Ada\n");
  EXPECT_EQ(cat({"--last", "100"}), cat({}));
  EXPECT_EQ(cat({"--last", "0"}), "");
}

TEST_F(Selection, ShowsTheNewestFirstIfAsked) {
  EXPECT_EQ(cat({"--reverse"}), "\ndoor\nAda\nrain\nlight off\ndoor closed\nlight on\ndoor opened\n");
  EXPECT_EQ(cat({"--reverse", "--limit", "3"}), "\ndoor\nAda\n");
  EXPECT_EQ(cat({"--reverse", "--last", "2"}), "\ndoor\n");
  EXPECT_EQ(cat({"--reverse", "--grep", "light"}), "light off\nlight on\n");
}

TEST_F(Selection, ReversedIsTheOppositeOfAnyLog) {
  std::string many;
  std::vector<std::string> lines;
  for (int n = 0; n < 3000; ++n) {
    // Some are longer than what is read at once.
    lines.push_back(std::to_string(n) + std::string(n % 1000 == 999 ? 9'000'000 : 10, 'x') + "\n");
    many += lines.back();
  }
  ASSERT_EQ(run({"append", "many", "--segment-bytes", "1M"}, many).status, 0);
  std::string reversed;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) reversed += *line;
  EXPECT_TRUE(run({"cat", "many", "--reverse"}).out == reversed);
}

TEST_F(Selection, TellsThatALogWasCutWhileItWasRead) {
  constexpr std::size_t len = 1 << 20;
  std::string many;
  for (int n = 0; n < 20; ++n) many += std::string(len, 'x') + '\n';
  ASSERT_EQ(run({"append", "many"}, many).status, 0);
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"cat", "many", "--reverse"}, {"cat", "many", "--last", "18"}}) {
    std::filesystem::remove_all(in_dir("cut"));
    std::filesystem::copy(in_dir("many"), in_dir("cut"));
    std::vector<std::string> command = options;
    command.at(1) = "cut";
    const auto running = start(command);
    running->wait_until_it_stalls();
    std::filesystem::resize_file(in_dir("cut/00000001.dwal"), 3 * (len + 28));
    const Ended ended = running->finish();
    EXPECT_NE(ended.status, 0);
    EXPECT_LT(ended.out.size(), 18 * (len + 1));
    EXPECT_NE(ended.err, "");
  }
}

TEST_F(Selection, TellsDamageAfterTheRecordsBeforeIt) {
  flip_byte("log/00000001.dwal", 40);
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"cat", "log"}, {"cat", "log", "--reverse"}, {"cat", "log", "--last", "5"}}) {
    const Ended ended = run(options);
    EXPECT_EQ(ended.status, 3);
    EXPECT_EQ(ended.out, "door opened\n");
    EXPECT_THAT(ended.err, HasSubstr("00000001.dwal"));
  }
}

TEST_F(Selection, TakesTypesAsTheyArePrintedAndInAnyLetters) {
  for (const char* type : {"Delete", "delete", "DELETE", "DEL"}) {
    EXPECT_THAT(run({"dump", "log", "--type", type}).out, HasSubstr(" type=DEL ")) << type;
  }
  EXPECT_THAT(run({"scan", "log", "--type", "other"}).err, HasSubstr("none of Raw, Put, Delete"));
}

TEST_F(Selection, HoldsForScanDumpAndTailToo) {
  EXPECT_THAT(run({"scan", "log", "--type", "delete"}).out, HasSubstr("type=DEL"));
  EXPECT_THAT(run({"dump", "log", "--reverse", "--limit", "1"}).out, HasSubstr("txid=         8"));
  const std::string tail = run({"tail", "log", "--grep", "door"}).out;
  EXPECT_EQ(std::ranges::count(tail, '\n'), 3);
}

}  // namespace
}  // namespace datawal::test
