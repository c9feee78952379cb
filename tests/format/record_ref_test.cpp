#include <cstdint>
#include <limits>
#include <string_view>

#include <gtest/gtest.h>
#include <datawal/record.hpp>

namespace datawal {
namespace {

constexpr RecordRef bobs{.segment = 1, .offset = 33, .len = 35, .txid = 2, .crc = 0xBEEF};

TEST(RecordRefText, SaysAllOfAPlace) { EXPECT_EQ(to_string(bobs), "1:33:35:2:0000beef"); }

TEST(RecordRefText, ComesBackAsItWas) {
  constexpr RecordRef largest{.segment = 99'999'999,
                              .offset = std::numeric_limits<std::uint64_t>::max(),
                              .len = std::numeric_limits<std::uint32_t>::max(),
                              .txid = std::numeric_limits<std::uint64_t>::max(),
                              .crc = std::numeric_limits<std::uint32_t>::max()};
  for (const RecordRef& ref : {bobs, RecordRef{}, largest}) EXPECT_EQ(parse_record_ref(to_string(ref)), ref);
}

TEST(RecordRefText, IsNothingElse) {
  for (const std::string_view text :
       {"", ":", "1", "1:33:35:2", "1:33:35:2:", "1:33:35:2:beef", "1:33:35:2:0000BEEF", "1:33:35:2:0000beef ",
        " 1:33:35:2:0000beef", "+1:33:35:2:0000beef", "-1:33:35:2:0000beef", "01:33:35:2:0000beef", "1:33:35::0000beef",
        "1:33:35:2:0000beeg", "1:33:35:2:00000beef", "4294967296:33:35:2:0000beef",
        "1:18446744073709551616:35:2:0000beef", "1:33:35:2:0x00beef", "1:33:35:2:0000beef:"}) {
    EXPECT_EQ(parse_record_ref(text), std::nullopt) << text;
  }
}

TEST(RecordRefEquality, TellsTwoRecordsAtOnePlaceApart) {
  RecordRef eves = bobs;
  eves.crc = 0xF00D;
  EXPECT_NE(bobs, eves);
}

}  // namespace
}  // namespace datawal
