// Which changes of a batch are of the same key.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kv/store/same_keys.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

using kv::Predecessors;

struct Keys {
  std::vector<std::string> keys;
  std::vector<std::uint64_t> hashes;

  [[nodiscard]] std::vector<std::size_t> found() const {
    std::vector<RecordInput> records;
    for (const std::string& key : keys) records.push_back({.type = RecordType::Put, .key = key});
    const Predecessors before(records, hashes);
    std::vector<std::size_t> all;
    for (std::size_t n = 0; n < keys.size(); ++n) all.push_back(before.of(n));
    return all;
  }
  [[nodiscard]] std::vector<std::size_t> expected() const {
    std::vector<std::size_t> all(keys.size(), Predecessors::none);
    for (std::size_t n = 0; n < keys.size(); ++n) {
      for (std::size_t earlier = 0; earlier < n; ++earlier) {
        if (keys[earlier] == keys[n]) all[n] = earlier;
      }
    }
    return all;
  }
};

TEST(SameKeys, APredecessorIsTheNearestOneBefore) {
  std::mt19937_64 random = seeded_random();
  for (std::size_t count = 0; count < 200; ++count) {
    Keys keys;
    for (std::size_t n = 0; n < count; ++n) {
      const std::uint64_t key = between(random, 0, count);
      keys.keys.push_back(std::to_string(key));
      keys.hashes.push_back(key * 0x9E37'79B9'7F4A'7C15ULL);
    }
    ASSERT_EQ(keys.found(), keys.expected()) << count;
  }
}

TEST(SameKeys, KeysOfOneHashAreToldApart) {
  const Keys keys{.keys = {"a", "b", "a", "c", "b", "a"}, .hashes = std::vector<std::uint64_t>(6, 7)};
  EXPECT_EQ(keys.found(), keys.expected());
}

TEST(SameKeys, NoneHasAPredecessorWhereEachComesOnce) {
  const Keys keys{.keys = {"a", "b", ""}, .hashes = {~0ULL, ~0ULL - 1, 0}};
  EXPECT_EQ(keys.found(), std::vector<std::size_t>(3, Predecessors::none));
}

}  // namespace
}  // namespace datawal::test
