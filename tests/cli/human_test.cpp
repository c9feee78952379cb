#include "cli/human.hpp"

#include <gtest/gtest.h>

#include <string>

namespace datawal::cli {
namespace {

using enum BytesMode;

std::string shown(std::string_view bytes, BytesMode mode = automatic, bool truncate = true) {
  std::string line;
  append_shown(line, bytes, {.bytes = mode, .truncate = truncate});
  return line;
}

TEST(HumanBytes, AreShownWithoutBlursOrControlCharacters) {
  static constexpr struct {
    const char* name;
    BytesMode mode;
    std::string_view bytes, text;
  } rows[] = {
      {"nothing", automatic, "", ""},
      {"nothing in hex", hex, "", ""},
      {"a word", automatic, "alpha", "alpha"},
      {"a blank", automatic, "a b", R"("a b")"},
      {"a tab", automatic, "a\tb", R"("a\tb")"},
      {"a quote", automatic, "a\"b", R"("a\"b")"},
      {"a backslash", automatic, R"(a\b)", R"("a\\b")"},
      {"what looks like base64", automatic, "b64:AA==", R"("b64:AA==")"},
      {"what looks like hex", automatic, "hex:00", R"("hex:00")"},
      {"a newline", automatic, "a\n", "b64:YQo="},
      {"UTF-8", automatic, "\xC3\xA4", "b64:w6Q="},
      {"bytes", automatic, std::string_view("\0\xFF", 2), "b64:AP8="},
      {"a word in base64", base64, "alpha", "b64:YWxwaGE="},
      {"a word in hex", hex, "alpha", "hex:616c706861"},
      {"a word raw", raw, "alpha", "alpha"},
      {"UTF-8 raw", raw, "\xC3\xA4", "\xC3\xA4"},
      {"a newline raw", raw, "a\nb\r\t", R"("a\nb\r\t")"},
      {"an escape sequence raw", raw, "\x1b[2J", R"("\x1b[2J")"},
      {"a C1 control character raw", raw, "\xC2\x9B", R"("\xc2\x9b")"},
      {"a direction override raw", raw, "\xE2\x80\xAE", R"("\xe2\x80\xae")"},
      {"bytes raw", raw, std::string_view("\0\xFFz", 3), R"("\x00\xffz")"},
      {"a quote raw", raw, "a\"b", R"("a\"b")"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown(row.bytes, row.mode), row.text) << row.name;
}

TEST(HumanBytes, AreCutBehind64Bytes) {
  const std::string long_text(65, 'x');
  EXPECT_EQ(shown(long_text.substr(0, 64)), long_text.substr(0, 64));
  EXPECT_EQ(shown(long_text), long_text.substr(0, 64) + "...");
  EXPECT_EQ(shown(long_text, automatic, false), long_text);
  EXPECT_EQ(shown(long_text, hex).size(), 4 + 128 + 3U);
  EXPECT_EQ(shown("a b" + long_text), "\"a b" + std::string(61, 'x') + "\"...");
  // A byte that is no text far behind the cut decides too: the form does not depend on the cut.
  EXPECT_EQ(shown(long_text + '\n').substr(0, 4), "b64:");
}

TEST(HumanBytes, AreNotCutInTheMiddleOfACharacter) {
  const std::string euro = "\xE2\x82\xAC";
  EXPECT_EQ(shown(std::string(63, 'x') + euro, raw), std::string(63, 'x') + "...");
  EXPECT_EQ(shown(std::string(62, 'x') + euro, raw), std::string(62, 'x') + "...");
  EXPECT_EQ(shown(std::string(61, 'x') + euro + "y", raw), std::string(61, 'x') + euro + "...");
}

TEST(HumanLine, IsThatOfTheReference) {
  const RecordView record{.type = RecordType::Raw,
                          .txid = 1,
                          .key = {},
                          .payload = "alpha",
                          .ref = {.segment = 1, .offset = 0, .len = 33, .txid = 1}};
  std::string line;
  append_record_line(line, record, {});
  EXPECT_EQ(line, "seg=00000001 off=         0 len=      33 type=RAW txid=         1 key= payload=alpha\n");
}

TEST(HumanLine, OfAFrameHasLengthsForThePayload) {
  const RecordView record{.type = RecordType::Delete,
                          .txid = 12345678901,
                          .key = "k k",
                          .payload = "",
                          .ref = {.segment = 99999999, .offset = 12345678901, .len = 31, .txid = 12345678901}};
  std::string line;
  append_frame_line(line, record, {});
  EXPECT_EQ(
      line,
      "seg=99999999 off=12345678901 len=      31 type=DEL txid=12345678901 key=\"k k\" key_len=3 payload_len=0\n");
}

TEST(ShellWord, CanBePastedIntoAShell) {
  EXPECT_EQ(shell_word("/var/lib/log-1"), "/var/lib/log-1");
  EXPECT_EQ(shell_word("my log"), "'my log'");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
  EXPECT_EQ(shell_word("$HOME"), "'$HOME'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("~root"), "'~root'");
  EXPECT_EQ(shell_word("caf\xC3\xA9"), "caf\xC3\xA9");
}

TEST(ShellWord, IsTextThatDrivesNoTerminalWhateverTheName) {
  EXPECT_EQ(shell_word("a\x1b[2Jb"), "$'a\\x1b[2Jb'");
  EXPECT_EQ(shell_word("a\nb"), "$'a\\x0ab'");
  EXPECT_EQ(shell_word("\xff it's \\"), "$'\\xff it\\'s \\\\'");
  EXPECT_EQ(shell_word("\xC2\x9B"), "$'\\xc2\\x9b'") << "CSI in one character";
  EXPECT_EQ(shell_word("a\xE2\x80\xAE"), "$'a\\xe2\\x80\\xae'") << "turns the direction of writing";
}

}  // namespace
}  // namespace datawal::cli
