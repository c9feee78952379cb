#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "kv/index/key_directory.hpp"
#include "kv/index/key_directory_support.hpp"

namespace datawal::kv {
namespace {

// A key's address tells the key: (key, version).
constexpr std::uint64_t position_of(std::uint64_t key, std::uint64_t version) { return key << 8 | version % 256; }
constexpr std::uint64_t key_at(std::uint64_t address) { return address >> 8; }

bool is_found(const KeyDirectory& directory, std::uint64_t key, std::uint64_t hash) {
  return directory.lookup(hash, [key](std::uint64_t address) { return key_at(address) == key; });
}

/// Runs `write` once, while `readers` threads call `read(random number)` over and over.
template <class Write, class Read>
void run_beside(int readers, std::uint64_t seed, Write&& write, Read&& read) {
  std::atomic<bool> done = false;
  std::atomic<int> started = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < readers; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(seed + static_cast<std::uint64_t>(i) + 1);
      ++started;
      while (!done.load(std::memory_order_relaxed)) read(random());
    });
  }
  while (started < readers) std::this_thread::yield();
  write();
  done = true;
}

TEST(KeyDirectoryConcurrency, FindsEveryKeyThatWasInsertedBefore) {
  const std::uint64_t seed = test_seed();
  KeyDirectory directory;
  constexpr std::uint64_t count = 100'000;
  std::atomic<std::uint64_t> inserted = 0;
  std::atomic<std::uint64_t> misses = 0;
  std::atomic<std::uint64_t> inventions = 0;
  const auto write = [&] {
    std::mt19937_64 random(seed);
    for (std::uint64_t key = 0; key < count; ++key) {
      directory.insert(hash_of(key), position_of(key, 0));
      inserted.store(key + 1, std::memory_order_release);
      // Neighbours come and go, so that entries move within pages; others get new addresses.
      directory.insert(hash_of(count + key), position_of(count + key, 0));
      if (key % 4 != 0) {
        EXPECT_TRUE(directory.erase(hash_of(count + key), position_of(count + key, 0)));
      }
      const std::uint64_t other = random() % (key + 1);
      directory.lookup(hash_of(other), [&](std::uint64_t address) {
        return key_at(address) == other && directory.replace(hash_of(other), address, position_of(other, key));
      });
    }
  };
  run_beside(3, seed, write, [&](std::uint64_t random) {
    const std::uint64_t bound = inserted.load(std::memory_order_acquire);
    if (bound == 0) return;
    // Half of them new ones: those are in the pages that are about to split.
    const std::uint64_t key = random % 2 == 0 ? bound - 1 - random / 2 % std::min<std::uint64_t>(bound, 64)
                                              : random % bound;
    if (!is_found(directory, key, hash_of(key))) ++misses;
    if (is_found(directory, 2 * count + key, hash_of(2 * count + key))) ++inventions;
  });
  EXPECT_EQ(misses, 0U);
  EXPECT_EQ(inventions, 0U);
}

TEST(KeyDirectoryConcurrency, FindsKeysInChainsThatGrowAndShrink) {
  const std::uint64_t seed = test_seed();
  KeyDirectory directory;
  // All of one hash. The even ones stay, the odd ones come and go.
  constexpr std::uint64_t hash = hash_of(0);
  constexpr std::uint64_t stay = 1'000;
  for (std::uint64_t key = 0; key < stay; ++key) directory.insert(hash, position_of(2 * key, 0));
  std::atomic<std::uint64_t> misses = 0;
  const auto write = [&] {
    for (int round = 0; round < 5; ++round) {
      for (std::uint64_t key = 0; key < stay; ++key) directory.insert(hash, position_of(2 * key + 1, 0));
      for (std::uint64_t key = 0; key < stay; ++key) EXPECT_TRUE(directory.erase(hash, position_of(2 * key + 1, 0)));
      std::this_thread::yield();
    }
  };
  run_beside(2, seed, write, [&](std::uint64_t random) {
    const std::uint64_t key = 2 * (random % stay);
    if (!is_found(directory, key, hash)) ++misses;
  });
  EXPECT_EQ(misses, 0U);
  EXPECT_EQ(directory.size(), stay);
}

TEST(KeyDirectoryConcurrency, ShowsAReplacedPositionAsTheOldOrTheNewOne) {
  const std::uint64_t seed = test_seed();
  KeyDirectory directory;
  constexpr std::uint64_t keys = 64;
  // Both addresses differ in every one of the three words.
  const auto address = [](std::uint64_t key, bool flipped) {
    const std::uint64_t base = key * 0x0001'0001'0001;
    return flipped ? base ^ (address_limit - 1) : base;
  };
  for (std::uint64_t key = 0; key < keys; ++key) directory.insert(hash_of(key), address(key, false));
  std::atomic<std::uint64_t> wrong = 0;
  const auto write = [&] {
    for (std::uint64_t round = 0; round < 2'000; ++round) {
      for (std::uint64_t key = 0; key < keys; ++key) {
        EXPECT_TRUE(directory.replace(hash_of(key), address(key, round % 2 != 0), address(key, round % 2 == 0)));
      }
    }
  };
  run_beside(2, seed, write, [&](std::uint64_t random) {
    const std::uint64_t key = random % keys;
    const Candidates found = directory.find(hash_of(key));
    if (found.addresses().size() != 1 ||
        (found.addresses()[0] != address(key, false) && found.addresses()[0] != address(key, true))) {
      ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace datawal::kv
