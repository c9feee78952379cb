#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <new>

#include "kv/index/key_directory.hpp"
#include "kv/index/key_directory_support.hpp"
#include "support/memory_pages.hpp"

namespace datawal::kv {
namespace {

TEST(KeyDirectoryMemory, IsSmallForSmallStores) {
  KeyDirectory directory;
  EXPECT_LE(directory.memory_bytes(), 64U << 10);
  for (std::uint64_t key = 0; key < 100; ++key) directory.insert(hash_of(key), key);
  EXPECT_LE(directory.memory_bytes(), 128U << 10);
}

TEST(KeyDirectoryMemory, StaysBelow20BytesPerKeyAtEverySize) {
  KeyDirectory directory;
  double worst = 0;
  std::uint64_t worst_at = 0;
  for (std::uint64_t key = 0; key < 4'000'000; ++key) {
    directory.insert(hash_of(key), key);
    const std::uint64_t count = key + 1;
    if (count < 100'000 || count % 1'000 != 0) continue;
    const double per_key = static_cast<double>(directory.memory_bytes()) / static_cast<double>(count);
    ASSERT_LE(per_key, 20.0) << "with " << count << " keys";
    if (per_key > worst) {
      worst = per_key;
      worst_at = count;
    }
  }
  std::cout << "at most " << worst << " bytes per key, with " << worst_at << " keys\n";
}

TEST(KeyDirectoryMemory, DoesNotGrowWhileKeysComeAndGo) {
  KeyDirectory directory;
  constexpr std::uint64_t live = 100'000;
  for (std::uint64_t key = 0; key < live; ++key) directory.insert(hash_of(key), key);
  const std::uint64_t bytes_before = directory.memory_bytes();
  // Ten times over: every key makes room for a new one, and is overwritten once before.
  for (std::uint64_t key = 0; key < 10 * live; ++key) {
    ASSERT_TRUE(directory.replace(hash_of(key), key, key + 1));
    ASSERT_TRUE(directory.erase(hash_of(key), key + 1));
    directory.insert(hash_of(key + live), key + live);
  }
  EXPECT_EQ(directory.size(), live);
  EXPECT_LE(directory.memory_bytes(), bytes_before + bytes_before / 4);
  for (std::uint64_t key = 10 * live; key < 11 * live; ++key) ASSERT_TRUE(holds(directory, hash_of(key), key));
  for (std::uint64_t key = 0; key < 10 * live; ++key) ASSERT_FALSE(holds(directory, hash_of(key), key));
}

// Memory that this process takes, in bytes.
std::uint64_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0, pages = 0;
  statm >> total >> pages;
  return pages * 4096;
}

TEST(KeyDirectoryMemory, OfPagesOnFileIsTakenForThoseThatAreNeeded) {
  if (is_sanitized) GTEST_SKIP() << "sanitizers take memory of their own";
  KeyDirectory original;
  for (std::uint64_t key = 0; key < 3'000'000; ++key) original.insert(hash_of(key), key);
  auto saved = test::save(original, 0, [](auto&& work) { work(); });
  ASSERT_TRUE(saved);
  KeyDirectory directory;
  directory.restore((*saved)->directory, (*saved)->source);
  const std::uint64_t before = resident();
  for (std::uint64_t key = 0; key < 100; ++key) ASSERT_TRUE(directory.load(hash_of(key * 30'000)));
  EXPECT_LT(resident() - before, 100 * 3 * 4096);
}

TEST(KeyDirectoryMemory, GrowsInSmallPieces) {
  KeyDirectory directory;
  constexpr std::uint64_t count = 2'000'000;
  std::uint64_t most = 0;
  for (std::uint64_t key = 0, before = directory.memory_bytes(); key < count; ++key) {
    directory.insert(hash_of(key), key);
    most = std::max(most, directory.memory_bytes() - before);
    before = directory.memory_bytes();
  }
  EXPECT_LE(most, 3U << 20) << "a huge page at a time, and the directory of one part";
  EXPECT_GT(directory.memory_bytes(), 25U << 20);
  for (std::uint64_t key = 0; key < count; ++key) ASSERT_TRUE(holds(directory, hash_of(key), key));
}

TEST(KeyDirectoryMemory, LosesNothingWhenThereIsNoMoreMemory) {
  if (is_sanitized) GTEST_SKIP() << "sanitizers need address space for themselves";
  KeyDirectory directory;
  std::uint64_t key = 0;
  for (; key < 100'000; ++key) directory.insert(hash_of(key), key);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const rlimit tight{.rlim_cur = 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &tight), 0);
  std::uint64_t failures = 0;
  for (; key < 2'000'000 && failures == 0; ++key) {
    try {
      directory.insert(hash_of(key), key);
    } catch (const std::bad_alloc&) {
      ++failures;
      --key;
    }
  }
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(failures, 1U);
  EXPECT_EQ(directory.size(), key);
  for (std::uint64_t there = 0; there < key; ++there) ASSERT_TRUE(holds(directory, hash_of(there), there)) << there;
  for (const std::uint64_t end = key + 200'000; key < end; ++key) directory.insert(hash_of(key), key);
  for (std::uint64_t there = 0; there < key; ++there) ASSERT_TRUE(holds(directory, hash_of(there), there)) << there;
}

}  // namespace
}  // namespace datawal::kv
