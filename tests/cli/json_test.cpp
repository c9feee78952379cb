#include "cli/json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace datawal::cli {
namespace {

const std::string start = R"({"schema":"datawal.cli.v1","kind":"test")";

TEST(JsonLine, IsOneObjectOnALineWithFieldsInTheOrderOfTheCalls) {
  JsonLine line("test");
  line.number("n", std::numeric_limits<std::uint64_t>::max()).boolean("b", true).boolean("c", false).null("z");
  line.base64("k", "foo").raw("r", "[1]");
  EXPECT_EQ(line.finish(),
            start + R"(,"n":18446744073709551615,"b":true,"c":false,"z":null,"k":"Zm9v","r":[1]})" + "\n");
}

TEST(JsonLine, BeginsAnewInTheSameMemory) {
  JsonLine line("first");
  line.number("n", 1);
  line.start("test");
  EXPECT_EQ(line.finish(), start + "}\n");
}

TEST(JsonLine, WritesListsOfTexts) {
  JsonLine line("test");
  line.texts("none", {}).texts("two", std::array<std::string, 2>{"a", "b\n"});
  EXPECT_EQ(line.finish(), start + R"(,"none":[],"two":["a","b\n"]})" + "\n");
}

TEST(JsonLine, EscapesWhatJsonForbidsAndReplacesWhatIsNoUtf8) {
  static constexpr struct {
    const char* name;
    std::string_view value, json;
  } rows[] = {
      {"plain", "abc", "abc"},
      {"quotes and backslashes", R"(a"b\c)", R"(a\"b\\c)"},
      {"short escapes", "\n\r\t", R"(\n\r\t)"},
      {"other control characters", std::string_view("\0\x1f", 2), R"(\u0000\u001f)"},
      {"delete is allowed", "\x7f", "\x7f"},
      {"two bytes", "\xC3\xA4", "\xC3\xA4"},
      {"three bytes", "\xE2\x82\xAC", "\xE2\x82\xAC"},
      {"four bytes", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"the last code point", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
      {"a lone continuation byte", "a\x80z", "a\xEF\xBF\xBDz"},
      {"a lead byte at the end", "a\xC3", "a\xEF\xBF\xBD"},
      {"a lead byte before text", "\xC3z", "\xEF\xBF\xBDz"},
      {"an overlong slash", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"a surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"beyond the last code point", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"no lead byte at all", "\xFE\xFF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const auto& row : rows) {
    JsonLine line("test");
    line.text("t", row.value);
    EXPECT_EQ(line.finish(), start + ",\"t\":\"" + std::string(row.json) + "\"}\n") << row.name;
  }
}

}  // namespace
}  // namespace datawal::cli
