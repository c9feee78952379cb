// What an address of a record means while segments are rewritten and their addresses given out again.

#include <atomic>
#include <thread>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

std::string value_of(int key, int round) { return std::to_string(key) + "/" + std::to_string(round) + "/"; }

class AddressConcurrency : public testing::TestWithParam<ReadPath> {
 protected:
  static constexpr int keys = 20;
  const int rounds = GetParam() == ReadPath::mapped ? 300 : 40;

  // A key that is always there has at every time a value that was put under it.
  static void read_until(const DataWal& kv, const std::atomic<bool>& done) {
    for (int n = 0; !done; ++n) {
      const int key = n % keys;
      const Result<std::optional<std::string>> value = kv.get(std::to_string(key));
      ASSERT_TRUE(ok(value));
      ASSERT_TRUE(*value) << "the key was absent";
      ASSERT_TRUE((*value)->starts_with(std::to_string(key) + "/")) << **value;
    }
  }

  static void walk_until(const DataWal& kv, const std::atomic<bool>& done) {
    while (!done) {
      const Contents contents = contents_of(kv);
      ASSERT_EQ(contents.size(), static_cast<std::size_t>(keys));
      for (const auto& [key, value] : contents) ASSERT_TRUE(value.starts_with(key + "/"));
    }
  }

  const Store store_;
};

TEST_P(AddressConcurrency, GetsAndWalksBesideCompactionReadARecordOfTheKey) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 4096, .read_path = GetParam()});
  const auto put_all = [&kv](int round) {
    for (int key = 0; key < keys; ++key) {
      const std::size_t padding = static_cast<std::size_t>(key * round) % 500;
      must(kv.put(std::to_string(key), value_of(key, round) + std::string(padding, 'v')));
    }
  };
  put_all(0);
  std::atomic<bool> done = false;
  {
    std::vector<std::jthread> threads;
    for (int reader = 0; reader < 4; ++reader) threads.emplace_back([&] { read_until(kv, done); });
    threads.emplace_back([&] { walk_until(kv, done); });
    for (int round = 1; round <= rounds && !HasFailure(); ++round) {
      put_all(round);
      must(kv.compact({.min_garbage_ratio = 0}));
    }
    done = true;
  }
  for (int key = 0; key < keys; ++key) {
    EXPECT_TRUE(must(kv.get(std::to_string(key)))->starts_with(value_of(key, rounds)));
  }
}

// The batch makes a segment far longer than its like, while others are rewritten beside it.
TEST_P(AddressConcurrency, ABatchLargerThanASegmentIsReadableBesideBackgroundCompaction) {
  constexpr std::size_t segment_bytes = 1 << 20;
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = segment_bytes,
                                       .read_path = GetParam(),
                                       .auto_compact = {.is_enabled = true, .garbage_ratio = 0.05}});
  Contents wanted;
  Batch batch;
  const auto want = [&](int n, std::string value) {
    wanted[std::to_string(n)] = std::move(value);
    batch.put(std::to_string(n), wanted[std::to_string(n)]);
  };
  for (int n = 0; n < 400; ++n) want(n, value_of(n, 0) + std::string(20'000, 'o'));
  for (const auto& [key, value] : wanted) must(kv.put(key, value));
  batch.clear();
  for (int n = 0; n < 267; ++n) want(n, value_of(n, 1));
  for (int n = 1000; n < 1080; ++n) want(n, value_of(n, 1) + std::string(segment_bytes, 'n'));
  must(kv.write(batch));
  // What it superseded goes while the long segment is still the active one.
  while (kv.stats().bytes - kv.stats().live_bytes > segment_bytes) {
    for (const auto& [key, value] : wanted) ASSERT_TRUE(has(kv, key, value));
  }
  for (const auto& [key, value] : wanted) ASSERT_TRUE(has(kv, key, value));
  EXPECT_TRUE(contents_of(kv) == wanted);
  must(kv.close());
  EXPECT_TRUE(contents_of(open_kv(store_.path())) == wanted);
}

INSTANTIATE_TEST_SUITE_P(Reading, AddressConcurrency, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
