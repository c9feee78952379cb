#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "kv/index/limited_directory_support.hpp"

namespace datawal::kv {
namespace {

TEST(LimitedDirectoryConcurrency, ShowsEveryKeyToReadersWhileItIsChangedAndSaved) {
  const auto directory = limited();
  Mutex changes;
  // Every key is there always, first with one address, then with another.
  static constexpr std::uint64_t count = 6000;
  for (std::uint64_t key = 0; key < count; ++key) insert_held(*directory, hash_of(key), key + 1);
  const auto alone = [&changes](auto&& work) {
    const Locked guard(changes);
    work();
  };
  ASSERT_TRUE(test::save(*directory, 4, alone));
  std::atomic<bool> is_done = false;
  std::atomic<std::uint64_t> wrong = 0;
  std::atomic<int> saves = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      std::mt19937_64 random(reader);
      while (!is_done) {
        const std::uint64_t key = random() % count;
        const std::vector<std::uint64_t> found = loaded(*directory, hash_of(key));
        if (std::ranges::none_of(found, [key](std::uint64_t address) { return (address - 1) % count == key; })) ++wrong;
        if (!loaded(*directory, hash_of(key + 2 * count)).empty()) ++wrong;
      }
    });
  }
  threads.emplace_back([&] {
    while (!is_done) {
      if (!test::save(*directory, 4, alone)) ++wrong;
      ++saves;
    }
  });
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> addresses(count);
  for (std::uint64_t key = 0; key < count; ++key) addresses[key] = key + 1;
  for (int i = 0; i < (is_sanitized ? 2000 : 20'000); ++i) {
    // Who saves may not get the lock for long.
    for (const int before = saves; i % 200 == 199 && saves == before;) std::this_thread::yield();
    const std::uint64_t key = random() % count;
    const Locked guard(changes);
    ASSERT_TRUE(directory->hold(hash_of(key)));
    ASSERT_TRUE(directory->hold(hash_of(key + count)));
    ASSERT_TRUE(directory->replace(hash_of(key), addresses[key], addresses[key] + count));
    addresses[key] += count;
    // Neighbours come, so that pages are split, and go.
    directory->insert(hash_of(key + count), addresses[key]);
    if (i % 4 != 0) {
      ASSERT_TRUE(directory->erase(hash_of(key + count), addresses[key]));
    }
  }
  is_done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace datawal::kv
