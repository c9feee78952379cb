// Sorting by digits gives what sorting by comparing gives.

#include "base/radix_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "support/seed.hpp"

namespace datawal::kv {
namespace {

using Pair = std::pair<std::uint64_t, std::uint64_t>;

TEST(RadixSort, AgreesWithSortingByComparingWhateverBitsDiffer) {
  std::mt19937_64 random = test::seeded_random();
  for (const std::uint64_t mask : {~0ULL, 0xFFULL, 0xFF00ULL << 48, 0x0F0F'0F0F'0F0F'0F0FULL, 0ULL, 0xFFFF'FFFFULL}) {
    for (const std::size_t size : {0U, 1U, 2U, 64U, 65U, 1000U, 50'000U}) {
      std::vector<Pair> values(size);
      for (Pair& value : values) value = {random() & mask, random()};
      std::vector<Pair> expected = values;
      std::ranges::sort(expected);
      radix_sort(std::span(values), [](const Pair& value) { return value.first; });
      EXPECT_EQ(values, expected) << "mask " << mask << ", " << size << " values";
    }
  }
}

}  // namespace
}  // namespace datawal::kv
