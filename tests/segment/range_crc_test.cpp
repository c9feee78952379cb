#include "segment/range_crc.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <datawal/format.hpp>

#include "format/crc32c_join.hpp"
#include "support/seed.hpp"

namespace datawal::segment {
namespace {

TEST(Crc32cBehind, JoinsTheChecksumsOfParts) {
  auto random = test::seeded_random();
  const std::string bytes = test::random_bytes(random, 3000);
  for (int round = 0; round < 500; ++round) {
    const std::string_view whole = std::string_view(bytes).substr(0, test::between(random, 0, bytes.size()));
    const std::size_t cut = test::between(random, 0, whole.size());
    const std::uint32_t front = format::crc32c(whole.substr(0, cut));
    const std::uint32_t back = format::crc32c(whole.substr(cut));
    EXPECT_EQ(format::crc32c_behind(front, whole.size() - cut) ^ back, format::crc32c(whole));
  }
}

TEST(RangeCrc, IsThatOfTheRangeAndLooksAtItsBytesOnce) {
  auto random = test::seeded_random();
  const std::string file = test::random_bytes(random, 200'000);
  for (int round = 0; round < 20; ++round) {
    RangeCrc crc;
    std::uint64_t cost = 0;
    std::uint64_t ranges = 0;
    for (std::uint64_t at = 0; at < file.size(); at += test::between(random, 0, round < 10 ? 100 : 3000)) {
      const std::uint64_t len = test::between(random, 0, std::min<std::uint64_t>(file.size() - at, 70'000));
      const std::string_view range = std::string_view(file).substr(at, len);
      cost += crc.cost(at, len);
      ++ranges;
      ASSERT_EQ(crc.of(at, range), format::crc32c(range)) << at << ' ' << len;
    }
    EXPECT_LE(cost, file.size() + ranges * 1024);
  }
}

}  // namespace
}  // namespace datawal::segment
