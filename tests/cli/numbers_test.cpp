#include "cli/numbers.hpp"

#include <gtest/gtest.h>

#include "cli/durability.hpp"

namespace datawal::cli {
namespace {

TEST(Count, IsDecimalDigitsAndNothingElse) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("010"), 10U);
  EXPECT_EQ(parse_count("18446744073709551615"), 18446744073709551615U);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1k", "0x10", "1.5", "18446744073709551616"}) {
    EXPECT_EQ(parse_count(text), std::nullopt) << text;
  }
}

TEST(Bytes, MayHaveABinaryUnit) {
  EXPECT_EQ(parse_bytes("123"), 123U);
  EXPECT_EQ(parse_bytes("4K"), 4096U);
  EXPECT_EQ(parse_bytes("256M"), 268435456U);
  EXPECT_EQ(parse_bytes("1G"), 1073741824U);
  EXPECT_EQ(parse_bytes("16777215T"), 16777215ULL << 40);
  for (const char* text : {"", "K", "-1K", "1k", "1KB", "1 K", "16777216T", "99999999999999999999"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(SyncChoice, IsOneOfFour) {
  using When = SyncChoice::When;
  EXPECT_EQ(parse_sync("end")->when, When::end);
  EXPECT_EQ(parse_sync("each")->when, When::each);
  EXPECT_EQ(parse_sync("never")->when, When::never);
  EXPECT_EQ(parse_sync("every=20")->when, When::every);
  EXPECT_EQ(parse_sync("every=20")->interval.count(), 20);
  for (const char* text : {"", "End", "every", "every=", "every=0", "every=-1", "every=1s", "every=99999999999"}) {
    EXPECT_FALSE(parse_sync(text)) << text;
  }
}

}  // namespace
}  // namespace datawal::cli
