// Input through a real pipe, in pieces of every size.

#include "cli/input_records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/hex.hpp"

namespace datawal::cli {
namespace {

using test::from_hex;

struct Cut {
  std::vector<std::string> records{};
  std::string error{};

  friend bool operator==(const Cut&, const Cut&) = default;
  friend void PrintTo(const Cut& cut, std::ostream* out) {
    *out << testing::PrintToString(cut.records) << ", error: " << cut.error;
  }
};

// Feeds `input` through a pipe, `piece` bytes a write.
Cut cut(std::string_view input, Framing framing, std::size_t piece) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
  std::thread writer([&] {
    for (std::string_view rest = input; !rest.empty();) {
      const ssize_t written = ::write(ends[1], rest.data(), std::min(piece, rest.size()));
      if (written <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    ::close(ends[1]);
  });
  const StopSignal stop;
  InputBuffer buffer;
  InputRecords records(ends[0], "IN", framing, buffer, stop);
  Cut result;
  for (;;) {
    const auto next = records.next();
    if (!next) result.error = next.error();
    if (!next || !*next) break;
    result.records.emplace_back(**next);
  }
  while (::read(ends[0], buffer.data(), 65536) > 0) {  // lets the writer end
  }
  writer.join();
  ::close(ends[0]);
  return result;
}

using enum Framing;

TEST(InputRecords, AreCutAsTheirFramingSays) {
  const struct {
    const char* name;
    Framing framing;
    std::string input;
    Cut want;
  } rows[] = {
      {"nothing", lines, "", {}},
      {"a line", lines, "a\n", {{"a"}}},
      {"a last line without newline", lines, "a\nbc", {{"a", "bc"}}},
      {"empty lines", lines, "\n\na\n\n", {{"", "", "a", ""}}},
      {"other separators are content", lines, "a\r\n" + std::string(1, '\0') + "\n", {{"a\r", std::string(1, '\0')}}},
      {"nothing between NULs", null_separated, "", {}},
      {"NULs", null_separated, from_hex("61 00 00 0a 00 62"), {{"a", "", "\n", "b"}}},
      {"a whole input", whole, "a\nb\n", {{"a\nb\n"}}},
      {"a whole empty input", whole, "", {{""}}},
      {"no prefixed records", length_prefixed, "", {}},
      {"prefixed records",
       length_prefixed,
       from_hex("01000000 61 00000000 02000000 0a00"),
       {{"a", "", from_hex("0a00")}}},
      {"a cut length",
       length_prefixed,
       from_hex("01000000 61 0200"),
       {{"a"}, "IN, record 2 is cut: the input ends after 2 of its 4 bytes"}},
      {"a cut record",
       length_prefixed,
       from_hex("01000000 61 03000000 6263"),
       {{"a"}, "IN, record 2 is cut: the input ends after 2 of its 3 bytes"}},
      {"a huge length",
       length_prefixed,
       from_hex("01000000 61 ffffffff 62"),
       {{"a"}, "IN, record 2 announces 4294967295 bytes, more than the 67108864 bytes that a record may hold"}},
      {"one byte too many announced",
       length_prefixed,
       from_hex("01000004 61"),
       {{}, "IN, record 1 announces 67108865 bytes, more than the 67108864 bytes that a record may hold"}},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {1, 2, 3, 5, 4096}) {
      EXPECT_EQ(cut(row.input, row.framing, piece), row.want) << row.name << " in pieces of " << piece;
    }
  }
}

TEST(InputRecords, MayBeLongerThanTheReadsAndLieAcrossThem) {
  std::string input;
  std::vector<std::string> want;
  for (const std::size_t len : {1, 1'000'000, 3, 262'143, 262'144, 262'145, 700'000, 0}) {
    want.emplace_back(len, static_cast<char>('a' + want.size()));
    input += want.back() + '\n';
  }
  EXPECT_EQ(cut(input, lines, 65536), (Cut{want, ""}));
}

TEST(InputRecords, OfTheGreatestLengthFitAndOneByteMoreDoesNot) {
  const std::string longest(max_payload_len, 'x');
  for (const Framing framing : {lines, whole}) {
    EXPECT_EQ(cut(longest, framing, 1 << 20), (Cut{{longest}, ""}));
    const Cut longer = cut(longest + 'x', framing, 1 << 20);
    EXPECT_TRUE(longer.records.empty());
    EXPECT_NE(longer.error.find("is longer than the 67108864 bytes that a record may hold"), std::string::npos);
  }
  EXPECT_EQ(cut("a\n" + longest + "\nb\n", lines, 1 << 20), (Cut{{"a", longest, "b"}, ""}));
}

TEST(InputRecords, EndAtASignalAndReturnNoHalfOfOne) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const StopSignal stop;
  InputBuffer buffer;
  InputRecords records(ends[0], "IN", lines, buffer, stop);
  ASSERT_EQ(::write(ends[1], "whole\nha", 8), 8);
  EXPECT_EQ(records.next().value().value(), "whole");
  std::thread signaller([] { ::kill(::getpid(), SIGTERM); });
  EXPECT_EQ(records.next().value(), std::nullopt);
  signaller.join();
  EXPECT_EQ(stop.number(), SIGTERM);
  EXPECT_EQ(records.next().value(), std::nullopt);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(InputRecords, TellAReadError) {
  const int directory = ::open("/", O_RDONLY | O_CLOEXEC);
  const StopSignal stop;
  InputBuffer buffer;
  InputRecords records(directory, "IN", lines, buffer, stop);
  EXPECT_EQ(records.next().error(), "cannot read IN: Is a directory");
  ::close(directory);
}

TEST(StopSignal, IsOneAtATime) {
  const StopSignal first;
  EXPECT_THROW(StopSignal(), std::logic_error);
  EXPECT_TRUE(StopSignal::is_there());
}

}  // namespace
}  // namespace datawal::cli
