#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "kv/index/limited_directory_support.hpp"

namespace datawal::kv {
namespace {

constexpr std::uint64_t page_bytes = 4096;

std::shared_ptr<SavedGeneration> save(KeyDirectory& directory, std::size_t kept_max = 4) {
  auto saved = test::save(directory, kept_max, [](auto&& work) { work(); });
  EXPECT_TRUE(saved);
  return saved ? *saved : nullptr;
}

std::vector<std::uint64_t> walked(const KeyDirectory& directory) {
  DirectoryWalk walk = directory.begin_walk();
  EXPECT_TRUE(walk.finish());
  std::ranges::sort(walk.addresses);
  return walk.addresses;
}

using Model = std::map<std::uint64_t, std::vector<std::uint64_t>>;  // addresses by hash, ascending

std::vector<std::uint64_t> all_of(const Model& model) {
  std::vector<std::uint64_t> all;
  for (const auto& [hash, addresses] : model) all.insert(all.end(), addresses.begin(), addresses.end());
  std::ranges::sort(all);
  return all;
}

void expect_is(const KeyDirectory& directory, const Model& model) {
  EXPECT_EQ(walked(directory), all_of(model));
  for (const auto& [hash, addresses] : model) {
    std::vector<std::uint64_t> found = loaded(directory, hash);
    // Of the same tag there may be more.
    ASSERT_TRUE(std::ranges::includes(found, addresses)) << hash;
  }
}

// Random changes, with chains of equal hashes, each of which is looked at.
class Changes {
 public:
  explicit Changes(std::uint64_t seed) : random_(seed) {}

  void make(KeyDirectory& directory, int count) {
    for (int i = 0; i < count; ++i) {
      const std::uint64_t hash = draw();
      std::vector<std::uint64_t>& there = model_[hash];
      const std::uint64_t what = random_() % 8;
      if (there.empty() || what < 4) {
        insert_held(directory, hash, next_);
        there.push_back(next_++);
        continue;
      }
      ASSERT_TRUE(directory.hold(hash));
      if (what < 6) {
        ASSERT_TRUE(directory.replace(hash, there.front(), next_));
        there.front() = next_++;
        std::ranges::sort(there);
      } else {
        ASSERT_TRUE(directory.erase(hash, there.back()));
        there.pop_back();
      }
    }
  }
  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] std::uint64_t draw() {
    const std::uint64_t n = random_();
    return hash_of(n % 16 == 0 ? n / 16 % 3 : n % 20'000);
  }

 private:
  std::mt19937_64 random_;
  Model model_;
  std::uint64_t next_ = 1;
};

TEST(LimitedDirectory, IsWhatAModelIsWhateverIsTakenOut) {
  const auto directory = limited();
  Changes changes(test_seed());
  std::uint64_t evicted = 0;
  for (int round = 0; round < 12; ++round) {
    changes.make(*directory, round == 0 ? 40'000 : 700);
    if (round % 3 != 2) {
      save(*directory, round % 2 == 0 ? 0 : 4);
      EXPECT_EQ(directory->memory().dirty_pages, 0U);
    }
    expect_is(*directory, changes.model());
    EXPECT_GT(directory->memory().pages_evicted, evicted);
    evicted = directory->memory().pages_evicted;
  }
}

TEST(LimitedDirectory, IsSavedAsItWasWhateverIsChangedMeanwhile) {
  const auto directory = limited();
  Changes changes(test_seed());
  changes.make(*directory, 40'000);
  for (int round = 0; round < 4; ++round) {
    const std::vector<std::uint64_t> before = all_of(changes.model());
    int calls = 0;
    const auto alone = [&](auto&& work) {
      work();
      if (++calls % 5 == 0) changes.make(*directory, 20);
      (void)loaded(*directory, changes.draw());
    };
    auto saved = test::save(*directory, 4, alone);
    ASSERT_TRUE(saved);
    KeyDirectory read;
    read.limit_memory(1);
    read.restore((*saved)->directory, (*saved)->source);
    EXPECT_EQ(walked(read), before);
    expect_is(*directory, changes.model());
  }
}

TEST(LimitedDirectory, CopiesWhatIsOnFileByNameAndTheRestByContent) {
  const auto directory = limited();
  Changes changes(test_seed());
  changes.make(*directory, 40'000);
  save(*directory);
  changes.make(*directory, 50);
  const Model then = changes.model();
  KeyDirectory copy;
  copy.copy(*directory);
  EXPECT_LE(copy.memory().pages, 50U);
  changes.make(*directory, 2000);
  save(*directory);
  changes.make(*directory, 2000);
  expect_is(copy, then);
  EXPECT_EQ(copy.size(), all_of(then).size());
  expect_is(*directory, changes.model());
}

TEST(LimitedDirectory, GivesMemoryBackOnceItIsSaved) {
  const auto directory = limited(40 * page_bytes);
  for (std::uint64_t key = 0; key < 100'000; ++key) insert_held(*directory, hash_of(key), key + 1);
  EXPECT_GT(directory->memory().bytes, 400 * page_bytes);
  save(*directory);
  EXPECT_LT(directory->memory().bytes, 80 * page_bytes);
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    EXPECT_EQ(loaded(*directory, hash_of(key)).front(), key + 1);
    if (key % 1000 == 0) {
      EXPECT_LT(directory->memory().bytes, 80 * page_bytes);
    }
  }
}

TEST(LimitedDirectory, KeepsWhatIsLookedUpAllTheTime) {
  const auto directory = limited(100 * page_bytes);
  for (std::uint64_t key = 0; key < 100'000; ++key) insert_held(*directory, hash_of(key), key + 1);
  save(*directory);
  const std::uint64_t favourite = hash_of(1);
  std::uint64_t misses = 0;
  for (std::uint64_t key = 0; key < 20'000; ++key) {
    if (directory->find(favourite).is_on_file()) ++misses;
    EXPECT_EQ(loaded(*directory, favourite).front(), 2U);
    (void)loaded(*directory, hash_of(key));
  }
  EXPECT_LT(misses, 200U);
}

TEST(LimitedDirectory, SaysWhatIsWrongWithAPageThatCannotBeLoaded) {
  const auto directory = limited();
  for (std::uint64_t key = 0; key < 20'000; ++key) insert_held(*directory, hash_of(key), key + 1);
  const auto saved = save(*directory);
  auto& pages = dynamic_cast<test::MemoryPages&>(*saved->source);
  pages.is_failing = true;
  std::size_t failed = 0;
  for (std::uint64_t key = 0; key < 20'000; ++key) {
    if (!directory->find(hash_of(key)).is_on_file()) continue;
    ++failed;
    ASSERT_EQ(directory->load(hash_of(key)).error().code, Errc::io);
    ASSERT_EQ(directory->hold(hash_of(key)).error().code, Errc::io);
  }
  EXPECT_GT(failed, 15'000U);
  EXPECT_EQ(directory->begin_walk().finish().error().code, Errc::io);
  EXPECT_EQ(test::save(*directory, 4, [](auto&& work) { work(); }).error().code, Errc::io);
  pages.is_failing = false;
  for (std::uint64_t key = 0; key < 20'000; ++key) ASSERT_EQ(loaded(*directory, hash_of(key)).front(), key + 1);
}

TEST(LimitedDirectory, IsNotToldThatPagesOfAnotherInstantAreItsOwn) {
  const auto directory = limited();
  for (std::uint64_t key = 0; key < 20'000; ++key) insert_held(*directory, hash_of(key), key + 1);
  const auto early = save(*directory);
  for (std::uint64_t key = 20'000; key < 60'000; ++key) insert_held(*directory, hash_of(key), key + 1);
  save(*directory);
  EXPECT_FALSE(directory->adopt(early));
  for (std::uint64_t key = 0; key < 60'000; ++key) ASSERT_EQ(loaded(*directory, hash_of(key)).front(), key + 1);
}

}  // namespace
}  // namespace datawal::kv
