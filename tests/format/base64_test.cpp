#include <datawal/base64.hpp>

#include <gtest/gtest.h>

#include "support/hex.hpp"

namespace datawal {
namespace {

// RFC 4648, section 10.
constexpr struct {
  const char *bytes, *text;
} vectors[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};

TEST(Base64, EncodesTheVectorsOfTheStandard) {
  for (const auto& row : vectors) {
    std::string text = "x";
    append_base64(text, row.bytes);
    EXPECT_EQ(text, std::string("x") + row.text);
    EXPECT_EQ(base64_len(std::string_view(row.bytes).size()), text.size() - 1);
  }
}

TEST(Base64, DecodesTheVectorsOfTheStandard) {
  for (const auto& row : vectors) {
    std::string bytes = "x";
    EXPECT_TRUE(decode_base64(row.text, bytes)) << row.text;
    EXPECT_EQ(bytes, row.bytes);
  }
}

TEST(Base64, EncodesBytesThatAreNoText) {
  std::string text;
  append_base64(text, test::from_hex("00 ff fb ff 00"));
  EXPECT_EQ(text, "AP/7/wA=");
}

TEST(Base64, EveryPairOfBytesComesBack) {
  for (int i = 0; i < 65536; ++i) {
    const std::string bytes{static_cast<char>(i >> 8), static_cast<char>(i)};
    std::string text;
    append_base64(text, bytes);
    std::string back;
    ASSERT_TRUE(decode_base64(text, back)) << text;
    ASSERT_EQ(back, bytes);
  }
}

TEST(Base64, RefusesWhatItDoesNotWrite) {
  static constexpr struct {
    const char *name, *text;
  } rows[] = {{"no padding", "Zg"},
              {"half the padding", "Zg="},
              {"padding alone", "===="},
              {"padding in the middle", "Zg==Zg=="},
              {"too much padding", "Z==="},
              {"one character too many", "Zm9vZ"},
              {"a blank", "Zm 9"},
              {"a newline at the end", "Zm9v\n"},
              {"the URL alphabet", "-_-_"},
              {"bits behind the last byte, one left", "Zh=="},
              {"bits behind the last byte, two left", "Zm9="},
              {"not ASCII", "Zm\xC3\xB6"}};
  for (const auto& row : rows) {
    std::string bytes;
    EXPECT_FALSE(decode_base64(row.text, bytes)) << row.name;
  }
}

}  // namespace
}  // namespace datawal
