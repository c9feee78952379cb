#include "cli/base64.hpp"

#include <gtest/gtest.h>

#include "support/hex.hpp"

namespace datawal::cli {
namespace {

TEST(Base64, EncodesTheVectorsOfTheStandard) {
  static constexpr struct {
    const char *bytes, *text;
  } rows[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"}};
  for (const auto& row : rows) {
    std::string text = "x";
    append_base64(text, row.bytes);
    EXPECT_EQ(text, std::string("x") + row.text);
  }
}

TEST(Base64, EncodesBytesThatAreNoText) {
  std::string text;
  append_base64(text, test::from_hex("00 ff fb ff 00"));
  EXPECT_EQ(text, "AP/7/wA=");
}

}  // namespace
}  // namespace datawal::cli
