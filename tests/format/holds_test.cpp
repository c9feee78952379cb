#include "format/holds.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/reference_codec.hpp"

namespace datawal::format {
namespace {

const std::vector<Hold> two_holds = {{.name = "backup", .txid = 0},
                                     {.name = "indexer-2", .txid = 18446744073709551615ULL}};
constexpr std::string_view two_holds_body = "datawal holds 1\nbackup 0\nindexer-2 18446744073709551615\n";

// The checksum by another implementation.
std::string with_checksum(std::string_view body) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::uint32_t crc = test::reference_crc(body);
  std::string text(body);
  text += "crc32c ";
  for (int shift = 28; shift >= 0; shift -= 4) text += digits[crc >> shift & 0xF];
  return text + '\n';
}

TEST(Holds, AreTheTextOfTheirDescription) {
  EXPECT_EQ(encode_holds(two_holds), with_checksum(two_holds_body));
  const DecodedHolds decoded = decode_holds(with_checksum(two_holds_body));
  EXPECT_EQ(decoded.file, HoldsFile::whole);
  EXPECT_EQ(decoded.holds, two_holds);
}

TEST(Holds, MayBeNone) {
  const DecodedHolds decoded = decode_holds(encode_holds({}));
  EXPECT_EQ(decoded.file, HoldsFile::whole);
  EXPECT_TRUE(decoded.holds.empty());
}

TEST(Holds, AsManyAndAsLongAsTheyMayBeFitIntoTheLongestFile) {
  std::vector<Hold> most;
  for (std::size_t n = 0; n < max_holds; ++n) {
    std::string name(max_hold_name_len, 'x');
    name[0] = static_cast<char>('A' + n / 26);
    name[1] = static_cast<char>('A' + n % 26);
    most.push_back({.name = std::move(name), .txid = ~std::uint64_t{0}});
  }
  const std::string text = encode_holds(most);
  EXPECT_EQ(text.size(), max_holds_len);
  EXPECT_EQ(decode_holds(text).holds, most);
  most.push_back({.name = std::string(max_hold_name_len, 'z'), .txid = 1});
  EXPECT_EQ(decode_holds(encode_holds(most)).file, HoldsFile::damaged) << "one more than there may be";
}

TEST(Holds, AreNotReadWithAnyByteChanged) {
  const std::string sound = encode_holds(two_holds);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string bytes = sound;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      ASSERT_NE(decode_holds(bytes).file, HoldsFile::whole) << "byte " << at << " xor " << flip;
    }
  }
}

TEST(Holds, AreNotReadAtAnyOtherLength) {
  const std::string sound = encode_holds(two_holds);
  for (std::size_t size = 0; size < sound.size(); ++size) {
    EXPECT_EQ(decode_holds(sound.substr(0, size)).file, HoldsFile::damaged) << size;
  }
  EXPECT_EQ(decode_holds(sound + '\n').file, HoldsFile::damaged);
  EXPECT_EQ(decode_holds(sound + sound).file, HoldsFile::damaged);
}

TEST(Holds, AreDamagedIfTheySayTheImpossibleWithARightChecksum) {
  static constexpr struct {
    const char *name, *lines;
  } rows[] = {
      {"a name twice", "a 1\na 2\n"},
      {"not in order", "b 1\na 2\n"},
      {"no name", " 1\n"},
      {"a name with a slash", "a/b 1\n"},
      {"a name with a control character", "a\x1b 1\n"},
      {"a name that looks like an option", "-a 1\n"},
      {"a name that is too long", "01234567890123456789012345678901234567890123456789012345678901234 1\n"},
      {"no number", "a \n"},
      {"no blank", "a\n"},
      {"two blanks", "a  1\n"},
      {"a zero in front", "a 01\n"},
      {"a sign", "a +1\n"},
      {"below zero", "a -1\n"},
      {"a number that is too large", "a 18446744073709551616\n"},
      {"something behind the number", "a 1 \n"},
      {"an empty line", "\n"},
      {"a line without its end", "a 1"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(decode_holds(with_checksum(std::string(holds_head) + row.lines)).file, HoldsFile::damaged) << row.name;
  }
}

TEST(Holds, OfANewerVersionAreToldFromDamage) {
  EXPECT_EQ(decode_holds("datawal holds 2\nwhatever comes then").file, HoldsFile::newer_version);
  EXPECT_EQ(decode_holds("datawal holds 12\n").file, HoldsFile::newer_version);
  EXPECT_EQ(decode_holds("datawal holds \n").file, HoldsFile::damaged);
  EXPECT_EQ(decode_holds("datawal holds x\n").file, HoldsFile::damaged);
}

}  // namespace
}  // namespace datawal::format
