#include <gtest/gtest.h>

#include <datawal/segment.hpp>

namespace datawal::segment {
namespace {

TEST(SegmentName, IsEightDigitsAndTheExtension) {
  EXPECT_EQ(filename(1), "00000001.dwal");
  EXPECT_EQ(filename(42), "00000042.dwal");
  EXPECT_EQ(filename(12'345'678), "12345678.dwal");
  EXPECT_EQ(filename(max_id), "99999999.dwal");
  EXPECT_EQ(path("/data/log", 7), "/data/log/00000007.dwal");
  EXPECT_EQ(path("", 7), "00000007.dwal");
}

TEST(SegmentName, IsReadBack) {
  for (const std::uint32_t id : {1U, 9U, 10U, 99'999U, 10'000'000U, max_id}) {
    EXPECT_EQ(parse_filename(filename(id)), id);
  }
}

TEST(SegmentName, OfAnIdBeyondTheHighestIsNone) {
  EXPECT_EQ(parse_filename(filename(max_id + 1)), std::nullopt);
  EXPECT_EQ(parse_filename(filename(~std::uint32_t{0})), std::nullopt);
}

TEST(SegmentName, IsNothingElse) {
  static constexpr struct {
    const char* name;
    std::string_view text;
  } rows[] = {
      {"nothing", ""},
      {"the extension alone", ".dwal"},
      {"id 0, which does not exist", "00000000.dwal"},
      {"seven digits", "0000001.dwal"},
      {"nine digits", "000000001.dwal"},
      {"nine digits, beyond the highest id", "100000000.dwal"},
      {"no extension", "00000001"},
      {"another extension", "00000001.dwax"},
      {"a part of the extension", "00000001.dwa"},
      {"extension in upper case", "00000001.DWAL"},
      {"no dot", "00000001_dwal"},
      {"a quarantined tail", "00000001.dwal.torn-120"},
      {"a temporary", ".tmp-0123456789abcdef.dwal-tmp"},
      {"an editor's copy", "00000001.dwal~"},
      {"hexadecimal digits", "0000000a.dwal"},
      {"a sign", "+0000001.dwal"},
      {"a minus", "-0000001.dwal"},
      {"a blank before", " 0000001.dwal"},
      {"a blank behind", "0000001 .dwal"},
      {"a newline behind", "00000001.dwal\n"},
      {"a zero byte in it", std::string_view("0000000\0.dwal", 13)},
      {"a zero byte behind", std::string_view("00000001.dwal\0", 14)},
      {"digits of another script", "\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1.dwal"},
      {"a path", "./00000001.dwal"},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_filename(row.text), std::nullopt) << row.name;
}

}  // namespace
}  // namespace datawal::segment
