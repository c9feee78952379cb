// A limit on the memory of the index, beside threads that look up, change, save, walk and compact.

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kv/saved_index/saved_index_support.hpp"

namespace datawal::test {
namespace {

constexpr int key_count = 4000;

OpenOptions tight() {
  OpenOptions options = indexed({.max_segment_bytes = 100'000});
  options.index.memory_limit = 1;
  return options;
}

std::string key_of(int n) { return "key " + std::to_string(n); }

// Odd keys are always there, with a value that begins with their number; the others come and go.
bool is_right(int n, const std::optional<std::string>& value) {
  return value ? value->starts_with(std::to_string(n) + " ") : n % 2 == 0;
}

TEST(MemoryLimitConcurrency, ShowsNothingWrongBesideAllThatAStoreDoes) {
  const Store dir;
  DataWal store = open_kv(dir.path(), tight());
  for (int n = 1; n < key_count; n += 2) must(store.put(key_of(n), std::to_string(n) + " first"));
  must(store.save_index());
  std::atomic<bool> is_done = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> saved = 0;
  std::atomic<int> walked = 0;
  std::vector<std::thread> threads;
  for (unsigned reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      std::mt19937 random(reader);
      while (!is_done) {
        const int n = static_cast<int>(random() % key_count);
        const Result<std::optional<std::string>> value = store.get(key_of(n));
        if (!value || !is_right(n, *value)) ++wrong;
        if (has(store, "nobody", "")) ++wrong;
      }
    });
  }
  threads.emplace_back([&] {
    while (!is_done) {
      if (!store.save_index()) ++wrong;
      if (!store.compact({.min_garbage_ratio = 0.1})) ++wrong;
      ++saved;
    }
  });
  threads.emplace_back([&] {
    while (!is_done) {
      const Contents contents = contents_of(must(store.view()));
      for (int n = 1; n < key_count; n += 2) {
        if (!contents.contains(key_of(n))) ++wrong;
      }
      if (contents_of(store).size() < key_count / 2) ++wrong;
      ++walked;
    }
  });
  std::mt19937 random(7);
  for (int i = 0; i < 6000 || saved < 20 || walked < 20; ++i) {
    const int n = static_cast<int>(random() % key_count);
    if (n % 2 == 0 && i % 3 == 0) {
      must(store.erase(key_of(n)));
    } else {
      must(store.put(key_of(n), std::to_string(n) + " at " + std::to_string(i)));
    }
  }
  is_done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  const Contents contents = contents_of(store);
  must(store.save_index());
  must(store.close());
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
  EXPECT_EQ(contents_of(open_kv(dir.path(), tight())), contents);
}

TEST(MemoryLimitConcurrency, OfAReaderHoldsForAllItsThreads) {
  const Store dir;
  {
    DataWal store = open_kv(dir.path(), tight());
    for (int n = 1; n < key_count; n += 2) must(store.put(key_of(n), std::to_string(n) + " first"));
    must(store.save_index());
  }
  const DataWalReader reader = open_kv_reader(dir.path(), {.uses_index = true, .index_memory_limit = 1});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned one = 0; one < 3; ++one) {
    threads.emplace_back([&, one] {
      std::mt19937 random(one);
      for (int i = 0; i < 5000; ++i) {
        const int n = static_cast<int>(random() % key_count);
        const Result<std::optional<std::string>> value = reader.get(key_of(n));
        if (!value || value->has_value() != (n % 2 == 1)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(reader.stats().key_directory_bytes_evicted, 1U << 20);
}

}  // namespace
}  // namespace datawal::test
