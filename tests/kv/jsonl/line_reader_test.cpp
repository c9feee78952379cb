#include "kv/jsonl/line_reader.hpp"

#include <algorithm>
#include <span>

#include "kv/kv_support.hpp"

namespace datawal::kv {
namespace {

// A line that is too long stands here as this.
constexpr const char* too_long = "<too long>";

std::vector<std::string> lines_of(std::string_view text, std::size_t step, std::size_t max_line) {
  const DataWal::Source source = [text, step](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t len = std::min({text.size(), step, into.size()});
    std::ranges::copy(text.substr(0, len), into.begin());
    text.remove_prefix(len);
    return len;
  };
  LineReader reader(source, max_line, 64);
  std::vector<std::string> lines;
  for (;;) {
    const std::optional<LineReader::Line> line = test::must(reader.next());
    if (!line) break;
    EXPECT_TRUE(!line->too_long || line->text.empty());
    lines.emplace_back(line->too_long ? too_long : std::string(line->text));
  }
  EXPECT_EQ(test::must(reader.next()).has_value(), false) << "it goes on behind the end";
  return lines;
}

TEST(LineReader, CutsAtNewlinesHoweverTheInputIsCut) {
  using Lines = std::vector<std::string>;
  static const struct {
    const char* name;
    std::string_view text;
    Lines wanted;
  } rows[] = {
      {"nothing", "", {}},
      {"a newline alone", "\n", {""}},
      {"one line", "abc\n", {"abc"}},
      {"no newline at the end", "abc\nde", {"abc", "de"}},
      {"empty lines", "\n\na\n\n", {"", "", "a", ""}},
      {"exactly the longest", "12345678\n", {"12345678"}},
      {"exactly the longest, no newline", "12345678", {"12345678"}},
      {"one byte too long", "123456789\nb\n", {too_long, "b"}},
      {"one byte too long, no newline", "123456789", {too_long}},
      {"much too long", "123456789012345678901234567890\nb", {too_long, "b"}},
      {"two too long", "1234567890\n1234567890\n", {too_long, too_long}},
      {"NUL bytes", std::string_view("a\0b\n\0", 5), {std::string("a\0b", 3), std::string(1, '\0')}},
      {"a carriage return stays", "a\r\nb\r\n", {"a\r", "b\r"}},
  };
  for (const auto& row : rows) {
    for (const std::size_t step : {1, 2, 3, 8, 9, 100}) {
      SCOPED_TRACE(std::string(row.name) + ", in pieces of " + std::to_string(step));
      EXPECT_EQ(lines_of(row.text, step, 8), row.wanted);
    }
  }
}

TEST(LineReader, GrowsWithTheLineUpToTheLimit) {
  const std::string line(3'000'000, 'x');
  const std::string text = "a\n" + line + "\nb\n" + line + "x\nc";
  EXPECT_EQ(lines_of(text, 1'000'000, line.size()), (std::vector<std::string>{"a", line, "b", too_long, "c"}));
}

TEST(LineReader, ReturnsTheErrorOfItsSource) {
  const DataWal::Source source = [](std::span<char>) -> Result<std::size_t> {
    return std::unexpected(Error{.code = Errc::io, .action = "read input"});
  };
  LineReader reader(source, 8, 0);
  EXPECT_TRUE(test::refused(reader.next(), Errc::io));
}

}  // namespace
}  // namespace datawal::kv
