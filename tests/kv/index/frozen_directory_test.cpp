#include "kv/index/frozen_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kv/index/key_directory.hpp"
#include "kv/index/key_directory_support.hpp"

namespace datawal::kv {
namespace {

// A file that takes so many pages.
class Overflow final : public PageOverflow {
 public:
  explicit Overflow(std::size_t room = SIZE_MAX) : room_(room) {}

  [[nodiscard]] Result<void> append(std::span<const char> bytes) override {
    if (pages++ == room_) return std::unexpected(Error{.code = Errc::no_space, .action = "write"});
    content_.append(bytes.data(), bytes.size());
    return {};
  }
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<char> into) override {
    content_.copy(into.data(), into.size(), offset);
    return {};
  }

  std::size_t pages = 0;

 private:
  const std::size_t room_;
  std::string content_;
};

using Entries = std::vector<std::tuple<std::size_t, std::uint32_t, std::uint64_t>>;  // part, tag, address

Entries entries_of(const KeyDirectory& directory) {
  Entries entries;
  std::size_t part = 0;
  directory.for_each_chain(
      [&part](std::size_t now, std::uint32_t) { part = now; },
      [&](std::uint32_t, std::span<const Page* const> chain) {
        for (const Page* page : chain) {
          page->for_each([&](const Entry& entry) { entries.emplace_back(part, entry.tag, entry.address); });
        }
      });
  std::ranges::sort(entries);
  return entries;
}

struct Taken {
  Result<void> result{};
  Entries entries{};
  bool is_in_its_place = true;  // every tag begins as its chain's do
};

// Everything, some chains at a time, with a call of `between` before each.
template <class Between>
Taken take_all(KeyDirectory& directory, FrozenDirectory& frozen, Between between) {
  Taken taken;
  std::vector<FrozenChain> chains;
  for (std::size_t part = 0; part < part_count; ++part) {
    const std::vector<FrozenDirectory::Head> heads = frozen.heads(part);
    for (std::span<const FrozenDirectory::Head> rest = heads; !rest.empty();) {
      const std::span<const FrozenDirectory::Head> some = rest.first(std::min<std::size_t>(3, rest.size()));
      rest = rest.subspan(some.size());
      between();
      taken.result = directory.take_frozen(some, chains);
      if (!taken.result) return taken;
      for (std::size_t i = 0; i < some.size(); ++i) {
        taken.result = frozen.fetch(chains[i]);
        if (!taken.result) return taken;
        for (const std::unique_ptr<Page>& page : chains[i].pages) {
          page->for_each([&](const Entry& entry) {
            taken.entries.emplace_back(part, entry.tag, entry.address);
            const std::uint32_t shared = some[i].depth == 0 ? 0 : ~std::uint32_t{0} << (32 - some[i].depth);
            taken.is_in_its_place &= (entry.tag & shared) == some[i].tag;
          });
        }
      }
    }
  }
  std::ranges::sort(taken.entries);
  return taken;
}

void freeze(KeyDirectory& directory, FrozenDirectory& frozen) {
  frozen.prepare(directory.extent());
  ASSERT_TRUE(directory.freeze(frozen));
}

class FrozenDirectories : public testing::TestWithParam<std::size_t> {};

TEST_P(FrozenDirectories, AreAsTheyWereWhateverIsChangedMeanwhile) {
  std::mt19937_64 random(test_seed());
  KeyDirectory directory;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> there;  // hash and address
  std::uint64_t next = 1;
  const auto insert = [&](std::uint64_t hash) {
    directory.insert(hash, next);
    there.emplace_back(hash, next++);
  };
  for (std::uint64_t i = 0; i < 40'000; ++i) insert(hash_of(random()));
  for (int i = 0; i < 1500; ++i) insert(hash_of(0));  // these are chained
  const auto changes = [&] {
    for (int i = 0; i < 300; ++i) {
      const std::size_t at = random() % there.size();
      auto& [hash, address] = there[at];
      if (random() % 3 == 0) {
        insert(random() % 4 == 0 ? hash_of(0) : hash_of(random()));
      } else if (random() % 2 == 0) {
        ASSERT_TRUE(directory.replace(hash, address, next));
        address = next++;
      } else {
        ASSERT_TRUE(directory.erase(hash, address));
        there[at] = there.back();
        there.pop_back();
      }
    }
  };
  for (int round = 0; round < 3; ++round) {
    Overflow overflow;
    FrozenDirectory frozen(overflow, GetParam());
    const Entries before = entries_of(directory);
    freeze(directory, frozen);
    const Taken taken = take_all(directory, frozen, changes);
    directory.thaw();
    ASSERT_TRUE(taken.result);
    EXPECT_TRUE(taken.entries == before);
    EXPECT_TRUE(taken.is_in_its_place);
    EXPECT_EQ(overflow.pages == 0, GetParam() == SIZE_MAX);
    changes();
  }
  EXPECT_EQ(directory.size(), there.size());
  for (const auto& [hash, address] : there) ASSERT_TRUE(holds(directory, hash, address));
}

INSTANTIATE_TEST_SUITE_P(Kept, FrozenDirectories, testing::Values(std::size_t{0}, std::size_t{5}, SIZE_MAX));

TEST(FrozenDirectory, OfNothingHasNoChains) {
  KeyDirectory directory;
  Overflow overflow;
  FrozenDirectory frozen(overflow, 0);
  freeze(directory, frozen);
  directory.insert(hash_of(1), 1);
  EXPECT_TRUE(take_all(directory, frozen, [] {}).entries.empty());
  EXPECT_EQ(overflow.pages, 0U);
}

TEST(FrozenDirectory, IsOfNoUseWhereAChainCouldNotBeKeptButTheDirectoryIs) {
  KeyDirectory directory;
  for (std::uint64_t i = 0; i < 40'000; ++i) directory.insert(hash_of(i), i);
  Overflow overflow(2);
  FrozenDirectory frozen(overflow, 0);
  freeze(directory, frozen);
  for (std::uint64_t i = 0; i < 40'000; ++i) ASSERT_TRUE(directory.replace(hash_of(i), i, i + 100'000));
  const Taken taken = take_all(directory, frozen, [] {});
  directory.thaw();
  ASSERT_FALSE(taken.result);
  EXPECT_EQ(taken.result.error().code, Errc::no_space);
  EXPECT_EQ(overflow.pages, 3U) << "and nothing more is tried";
  for (std::uint64_t i = 0; i < 40'000; ++i) ASSERT_TRUE(holds(directory, hash_of(i), i + 100'000));
}

TEST(FrozenDirectory, IsNotBegunWithoutRoomForTheTables) {
  KeyDirectory directory;
  Overflow overflow;
  FrozenDirectory frozen(overflow, 0);
  frozen.prepare(directory.extent());
  for (std::uint64_t i = 0; i < 100'000; ++i) directory.insert(hash_of(i), i);
  EXPECT_FALSE(directory.freeze(frozen));
}

}  // namespace
}  // namespace datawal::kv
