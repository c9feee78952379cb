// Keys of users as the servers write them.

#include "ship/nkey.hpp"

#include <gtest/gtest.h>

namespace datawal::ship {
namespace {

// Of the documentation of the servers.
constexpr std::string_view seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
constexpr std::string_view user = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

TEST(ShipNkey, AUserIsKnownByTheOpenHalfOfItsSeed) { EXPECT_EQ(user_key_of(seed), user); }

TEST(ShipNkey, AnyOtherCharacterMakesItNone) {
  for (std::size_t at = 0; at < seed.size(); ++at) {
    std::string other(seed);
    other[at] = other[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(user_key_of(other)) << other;
  }
  EXPECT_FALSE(user_key_of(user)) << "no seed";
  EXPECT_FALSE(user_key_of(""));
  EXPECT_FALSE(user_key_of(std::string(seed.size(), 'z')));
}

TEST(ShipNkey, IsFoundInAFileOfLines) {
  EXPECT_EQ(seed_in("# a key\r\n" + std::string(seed) + "\r\n"), seed);
  EXPECT_EQ(seed_in(seed), seed);
  EXPECT_FALSE(seed_in("nothing\n\n"));
}

}  // namespace
}  // namespace datawal::ship
