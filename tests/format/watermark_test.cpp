#include "format/watermark.hpp"

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include "support/reference_codec.hpp"

namespace datawal::format {
namespace {

using test::from_hex;
using test::to_hex;

constexpr Watermark example{.segment = 7, .inode = 0x1122334455667788, .offset = 4096, .txid = 42};
constexpr const char* example_hex =
    "44574d4b 01000000 07000000 00000000 8877665544332211 0010000000000000 2a00000000000000 00x20 082f05df";

std::string bytes_of(const Watermark& watermark) {
  const auto bytes = encode_watermark(watermark);
  return {bytes.begin(), bytes.end()};
}

TEST(Watermark, HasTheLayoutOfItsDescription) {
  EXPECT_EQ(to_hex(bytes_of(example)), to_hex(from_hex(example_hex)));
  EXPECT_EQ(decode_watermark(from_hex(example_hex)), example);
}

TEST(Watermark, ComesBackAtTheEndsOfItsRanges) {
  for (const Watermark& watermark : {Watermark{.segment = 1}, Watermark{.segment = 99'999'999},
                                     Watermark{1, ~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}}}) {
    EXPECT_EQ(decode_watermark(bytes_of(watermark)), watermark);
  }
}

TEST(Watermark, IsNoneWithAnyByteChanged) {
  const std::string sound = bytes_of(example);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string bytes = sound;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      ASSERT_EQ(decode_watermark(bytes), std::nullopt) << "byte " << at << " xor " << flip;
    }
  }
}

TEST(Watermark, IsNoneAtAnyOtherLength) {
  const std::string sound = bytes_of(example);
  for (std::size_t size = 0; size < sound.size(); ++size) {
    EXPECT_EQ(decode_watermark(sound.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(decode_watermark(sound + '\0'), std::nullopt);
  EXPECT_EQ(decode_watermark(sound + sound), std::nullopt);
}

TEST(Watermark, IsNoneIfItSaysTheImpossibleWithARightChecksum) {
  static constexpr struct {
    const char *name, *hex;
  } rows[] = {
      {"another magic", "4457414c 01000000 07000000 00000000 00x24 00x20"},
      {"version 0", "44574d4b 00000000 07000000 00000000 00x24 00x20"},
      {"version 2", "44574d4b 02000000 07000000 00000000 00x24 00x20"},
      {"version 1 and something above it", "44574d4b 01000001 07000000 00000000 00x24 00x20"},
      {"segment 0", "44574d4b 01000000 00000000 00000000 00x24 00x20"},
      {"segment 100000000", "44574d4b 01000000 00e1f505 00000000 00x24 00x20"},
      {"highest number as segment", "44574d4b 01000000 ffffffff 00000000 00x24 00x20"},
      {"lower reserved bytes used", "44574d4b 01000000 07000000 00000001 00x24 00x20"},
      {"first of the upper reserved bytes used", "44574d4b 01000000 07000000 00000000 00x24 01 00x19"},
      {"last of the upper reserved bytes used", "44574d4b 01000000 07000000 00000000 00x24 00x19 01"},
      {"nothing but zeros", "00x60"},
  };
  for (const auto& row : rows) {
    std::string bytes = from_hex(row.hex);
    test::put_little_endian(bytes, test::reference_crc(bytes), 4);
    ASSERT_EQ(bytes.size(), 64U) << row.name;
    EXPECT_EQ(decode_watermark(bytes), std::nullopt) << row.name;
  }
}

TEST(Watermark, IsNoneOfNothingButZeros) { EXPECT_EQ(decode_watermark(std::string(64, '\0')), std::nullopt); }

}  // namespace
}  // namespace datawal::format
