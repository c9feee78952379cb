#include "kv/index/key_directory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kv/index/key_directory_support.hpp"
#include "kv/index/key_hash.hpp"

namespace datawal::kv {
namespace {

TEST(KeyDirectory, IsEmptyAtFirst) {
  const KeyDirectory directory;
  EXPECT_EQ(directory.size(), 0U);
  EXPECT_TRUE(directory.find(hash_of(1)).addresses().empty());
  EXPECT_FALSE(directory.lookup(hash_of(1), [](std::uint64_t) { return true; }));
  directory.for_each([](std::uint64_t) { FAIL(); });
}

TEST(KeyDirectory, KeepsAllBitsOfPositions) {
  KeyDirectory directory;
  const std::vector<std::uint64_t> addresses{
      0, 1, 0xFFFF, 0x10000, 0xFFFF'FFFF, 0x1'0000'0000, 0x1234'5678'9ABC, address_limit - 1};
  for (std::size_t i = 0; i < addresses.size(); ++i) directory.insert(hash_of(i), addresses[i]);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    EXPECT_EQ(positions_of(directory, hash_of(i)), std::vector{addresses[i]});
  }
}

TEST(KeyDirectory, TakesHashesWhoseTagBitsAreAllZeroOrAllOne) {
  KeyDirectory directory;
  const std::vector<std::uint64_t> hashes{0, 0xFFFF'FFFF'FFFF'FFFF, 0xFFFF'FFFF'0000'0000, 0x0000'0000'FFFF'FFFF};
  for (const std::uint64_t hash : hashes) directory.insert(hash, hash >> 16);
  for (const std::uint64_t hash : hashes) EXPECT_TRUE(holds(directory, hash, hash >> 16)) << hash;
  for (const std::uint64_t hash : hashes) EXPECT_TRUE(directory.erase(hash, hash >> 16)) << hash;
  for (const std::uint64_t hash : hashes) EXPECT_FALSE(holds(directory, hash, hash >> 16)) << hash;
}

TEST(KeyDirectory, ReplacesAndErasesOnlyWhatIsThere) {
  KeyDirectory directory;
  directory.insert(7, 70);
  EXPECT_FALSE(directory.replace(7, 71, 72));
  EXPECT_FALSE(directory.replace(8, 70, 72));
  EXPECT_FALSE(directory.erase(7, 71));
  EXPECT_TRUE(directory.replace(7, 70, 71));
  EXPECT_EQ(positions_of(directory, 7), std::vector<std::uint64_t>{71});
  EXPECT_TRUE(directory.erase(7, 71));
  EXPECT_FALSE(directory.erase(7, 71));
  EXPECT_EQ(directory.size(), 0U);
}

TEST(KeyDirectory, MayHoldWhatWasInsertedAndNotErased) {
  KeyDirectory directory;
  EXPECT_FALSE(directory.may_contain(hash_of(0)));
  constexpr std::uint64_t keys = 20'000;
  for (std::uint64_t key = 0; key < keys; ++key) directory.insert(hash_of(key), key);
  for (std::uint64_t key = 0; key < keys; ++key) ASSERT_TRUE(directory.may_contain(hash_of(key))) << key;
  for (std::uint64_t key = 0; key < keys; ++key) ASSERT_TRUE(directory.erase(hash_of(key), key)) << key;
  for (std::uint64_t key = 0; key < keys; ++key) ASSERT_FALSE(directory.may_contain(hash_of(key))) << key;
}

TEST(KeyDirectory, MayHoldWhatLiesInAChain) {
  KeyDirectory directory;
  constexpr std::uint64_t equal = 3 * page_slots;
  for (std::uint64_t n = 0; n < equal; ++n) directory.insert(hash_of(1), n);
  const std::uint64_t other_tag = hash_of(1) ^ 1;  // in the same page, whose buckets all are full
  EXPECT_TRUE(directory.may_contain(hash_of(1)));
  EXPECT_FALSE(directory.may_contain(other_tag));
  directory.insert(other_tag, equal);
  EXPECT_TRUE(directory.may_contain(other_tag));
}

TEST(KeyDirectory, TellsWhetherAnAnswerStillHolds) {
  KeyDirectory directory;
  directory.insert(7, 70);
  const Candidates before = directory.find(7);
  EXPECT_TRUE(directory.is_unchanged(before));
  ASSERT_TRUE(directory.replace(7, 70, 71));
  EXPECT_FALSE(directory.is_unchanged(before));
  EXPECT_TRUE(directory.is_unchanged(directory.find(7)));
}

TEST(KeyDirectory, LookupStartsOverIfThePositionMovedMeanwhile) {
  KeyDirectory directory;
  directory.insert(7, 70);
  // The record at 70 was moved to 71 after the lookup had seen the address and before it looked at the record.
  bool moved = false;
  EXPECT_TRUE(directory.lookup(7, [&](std::uint64_t address) {
    if (!std::exchange(moved, true)) {
      EXPECT_TRUE(directory.replace(7, 70, 71));
    }
    return address == 71;
  }));
}

TEST(KeyDirectory, BehavesLikeAMultimap) {
  const std::uint64_t seed = test_seed();
  std::mt19937_64 random(seed);
  // Few distinct hashes for many equal ones; some that differ only where the part is chosen, or only in the tag.
  const auto draw_hash = [&]() -> std::uint64_t {
    const std::uint64_t key = random() % 3000;
    switch (random() % 8) {
      case 0: return hash_of(key % 3);
      case 1: return hash_of(key) | 0xFFFF'FFFF;
      case 2: return hash_of(key) & 0xFFFF'FFFF;
      default: return hash_of(key);
    }
  };
  KeyDirectory directory;
  std::unordered_multimap<std::uint64_t, std::uint64_t> model;
  const auto expected_of = [&](std::uint64_t hash) {
    std::vector<std::uint64_t> addresses;
    for (auto [at, end] = model.equal_range(hash); at != end; ++at) addresses.push_back(at->second);
    std::ranges::sort(addresses);
    return addresses;
  };
  // What has the same part and tag is one to the directory; here only equal hashes and tags 0 and 1 are, so ask by contents.
  const auto contains_all = [](const std::vector<std::uint64_t>& found, const std::vector<std::uint64_t>& wanted) {
    return std::ranges::includes(found, wanted);
  };
  for (int phase = 0; phase < 8; ++phase) {
    const bool growing = phase % 2 == 0;
    for (int step = 0; step < 20'000; ++step) {
      const std::uint64_t hash = draw_hash();
      const std::uint64_t address = random() % address_limit;
      const auto present = model.find(hash);
      const std::uint64_t action = random() % 10;
      if (present == model.end() || action < (growing ? 6U : 2U)) {
        directory.insert(hash, address);
        model.emplace(hash, address);
      } else if (action < 7) {
        ASSERT_TRUE(directory.replace(hash, present->second, address));
        present->second = address;
      } else {
        ASSERT_TRUE(directory.erase(hash, present->second));
        model.erase(present);
      }
      const std::uint64_t asked = random() % 2 == 0 ? hash : draw_hash();
      if (step % 16 == 0) {
        ASSERT_TRUE(contains_all(positions_of(directory, asked), expected_of(asked)));
      }
      ASSERT_EQ(directory.size(), model.size());
    }
    std::vector<std::uint64_t> all;
    directory.for_each([&](std::uint64_t address) { all.push_back(address); });
    std::vector<std::uint64_t> expected;
    for (const auto& [hash, address] : model) expected.push_back(address);
    std::ranges::sort(all);
    std::ranges::sort(expected);
    ASSERT_EQ(all, expected);
  }
  while (!model.empty()) {
    ASSERT_TRUE(directory.erase(model.begin()->first, model.begin()->second));
    model.erase(model.begin());
  }
  directory.for_each([](std::uint64_t) { FAIL(); });
}

TEST(KeyDirectory, GivesNoPositionOfAnotherHashButForEqualTags) {
  KeyDirectory directory;
  constexpr std::uint64_t count = 200'000;
  for (std::uint64_t key = 0; key < count; ++key) directory.insert(hash_of(key), key);
  std::uint64_t strangers = 0;
  for (std::uint64_t key = 0; key < 2 * count; ++key) {
    const auto found = directory.find(hash_of(key));
    for (const std::uint64_t address : found.addresses()) strangers += address != key ? 1 : 0;
  }
  // 400,000 lookups beside 200,000 keys, with 36 bits to tell them apart: 1.2 on average.
  EXPECT_LE(strangers, 20U);
}

TEST(KeyDirectory, KeepsThousandsOfEqualHashes) {
  KeyDirectory directory;
  constexpr std::uint64_t equal = 5'000;
  constexpr std::uint64_t others = 200'000;
  const std::uint64_t hash = hash_of(~0ULL);
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < others; ++i) {
    directory.insert(hash_of(i), i);
    if (i % (others / equal) == 0) {
      directory.insert(hash, address_limit / 2 + i);
      expected.push_back(address_limit / 2 + i);
    }
  }
  EXPECT_EQ(positions_of(directory, hash), expected);
  for (std::uint64_t i = 0; i < others; ++i) ASSERT_TRUE(holds(directory, hash_of(i), i)) << i;
  EXPECT_LE(directory.memory_bytes(), (equal + others) * 20);

  std::mt19937_64 random(test_seed());
  std::ranges::shuffle(expected, random);
  while (expected.size() > equal / 2) {
    ASSERT_TRUE(directory.erase(hash, expected.back()));
    expected.pop_back();
  }
  for (std::uint64_t& address : expected) {
    ASSERT_TRUE(directory.replace(hash, address, address - 1));
    --address;
  }
  std::ranges::sort(expected);
  EXPECT_EQ(positions_of(directory, hash), expected);
  for (const std::uint64_t address : expected) ASSERT_TRUE(directory.erase(hash, address));
  EXPECT_TRUE(positions_of(directory, hash).empty());
  for (std::uint64_t i = 0; i < others; ++i) ASSERT_TRUE(directory.erase(hash_of(i), i)) << i;
  EXPECT_EQ(directory.size(), 0U);
}

TEST(KeyDirectory, TakesTagsThatBeginAlikeWithoutAHugeTable) {
  KeyDirectory directory;
  constexpr std::uint64_t count = 60'000;
  const auto crafted = [](std::uint64_t key) { return 0xABCD'0000'0000'0000 | (key % 30'000); };
  for (std::uint64_t key = 0; key < count; ++key) directory.insert(crafted(key), key);
  for (std::uint64_t key = 0; key < count; key += 7) ASSERT_TRUE(holds(directory, crafted(key), key));
  EXPECT_LE(directory.memory_bytes(), count * 40);
}

TEST(KeyDirectory, ReservedInsertsNeedNoMemory) {
  KeyDirectory directory;
  directory.reserve(10'000);
  for (std::uint64_t key = 0; key < 10'000; ++key) directory.insert(hash_of(key), key);
  EXPECT_EQ(directory.size(), 10'000U);
  EXPECT_LE(directory.memory_bytes(), 20'000U * 20) << "what is reserved and not used must cost nothing";
  EXPECT_THROW(directory.reserve(1ULL << 40), std::bad_alloc);
  EXPECT_THROW(directory.reserve(~0ULL), std::bad_alloc);
  directory.insert(hash_of(10'000), 10'000);
  for (std::uint64_t key = 0; key <= 10'000; ++key) ASSERT_TRUE(holds(directory, hash_of(key), key));
}

TEST(KeyHash, DependsOnKeyAndSeed) {
  EXPECT_EQ(key_hash("alpha", 1), key_hash(std::string("alpha"), 1));
  EXPECT_NE(key_hash("alpha", 1), key_hash("alpha", 2));
  EXPECT_NE(key_hash("alpha", 1), key_hash("beta", 1));
  EXPECT_NE(key_hash("", 1), key_hash(std::string_view("\0", 1), 1));
  EXPECT_EQ(process_hash_seed(), process_hash_seed());
}

}  // namespace
}  // namespace datawal::kv
