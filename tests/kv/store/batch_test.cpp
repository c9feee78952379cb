// Many changes with one append.
#include <sys/resource.h>

#include <fstream>

#include <gmock/gmock.h>

#include "kv/kv_support.hpp"
#include "support/child.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

class KvBatch : public testing::TestWithParam<WritePath> {
 protected:
  [[nodiscard]] DataWal open(std::uint64_t max_segment_bytes = 0) const {
    return open_kv(store_.path(), {.max_segment_bytes = max_segment_bytes, .write_path = GetParam()});
  }
  Store store_;
};

INSTANTIATE_TEST_SUITE_P(, KvBatch, testing::Values(WritePath::append, WritePath::mapped),
                         [](const auto& of) { return of.param == WritePath::mapped ? "mapped" : "append"; });

TEST_P(KvBatch, IsAppliedInOrder) {
  DataWal store = open();
  must(store.put("old", "1"));
  Batch batch;
  batch.put("a", "1");
  batch.erase("old");
  batch.put("a", "2");
  batch.put("b", "1");
  batch.erase("b");
  batch.erase("never there");
  batch.put("", "the empty key");
  EXPECT_EQ(batch.size(), 7U);
  must(store.write(batch, {.sync = true}));
  EXPECT_EQ(contents_of(store), (Contents{{"", "the empty key"}, {"a", "2"}}));
  EXPECT_EQ(store.log().last_txid(), 8U);
  EXPECT_EQ(store.log().durable_txid(), 8U);
  EXPECT_EQ(store.stats().put_records, 5U);
  EXPECT_EQ(store.stats().delete_records, 3U);
  must(store.close());
  EXPECT_EQ(contents_of(open()), (Contents{{"", "the empty key"}, {"a", "2"}}));
}

TEST_P(KvBatch, TakesViewsOfItself) {
  Batch batch;
  batch.put("first key", "first value");
  for (int n = 0; n < 1000; ++n) {
    const RecordInput last = batch.records().back();
    batch.put(last.key, last.payload);
  }
  for (const RecordInput& record : batch.records()) {
    ASSERT_EQ(record.key, "first key");
    ASSERT_EQ(record.payload, "first value");
  }
}

TEST_P(KvBatch, OfNothingDoesNothing) {
  DataWal store = open();
  must(store.write(Batch()));
  EXPECT_EQ(store.log().last_txid(), 0U);
}

TEST_P(KvBatch, WithAKeyThatIsTooLongChangesNothing) {
  DataWal store = open();
  Batch batch;
  batch.put("a", "1");
  batch.put(std::string(std::size_t{max_key_len} + 1, 'k'), "2");
  EXPECT_TRUE(refused(store.write(batch), Errc::invalid_argument));
  EXPECT_TRUE(store.empty());
  EXPECT_EQ(store.log().last_txid(), 0U);
}

TEST_P(KvBatch, CanBeFilledAgain) {
  DataWal store = open();
  Batch batch;
  batch.put("a", "1");
  must(store.write(batch));
  batch.clear();
  EXPECT_TRUE(batch.empty());
  batch.put("b", "2");
  must(store.write(batch));
  EXPECT_EQ(contents_of(store), (Contents{{"a", "1"}, {"b", "2"}}));
}

TEST_P(KvBatch, OfAnyChangesLeavesWhatSingleOnesLeave) {
  std::mt19937_64 random = seeded_random();
  Contents wanted;
  DataWal store = open(8'192);
  for (int round = 0; round < 200; ++round) {
    Batch batch;
    for (std::uint64_t n = between(random, 0, 30); n > 0; --n) {
      const std::string key = "key " + std::to_string(between(random, 0, 40));
      if (between(random, 0, 2) == 0) {
        batch.erase(key);
        wanted.erase(key);
      } else {
        const std::string value = random_bytes(random, static_cast<std::size_t>(between(random, 0, 60)));
        batch.put(key, value);
        wanted[key] = value;
      }
    }
    must(store.write(batch, {.sync = round % 20 == 0}));
    ASSERT_EQ(store.size(), wanted.size());
  }
  EXPECT_EQ(contents_of(store), wanted);
  const StoreStats stats = store.stats();
  must(store.close());
  const DataWal again = open();
  EXPECT_EQ(contents_of(again), wanted);
  EXPECT_EQ(again.stats().live_bytes, stats.live_bytes);
  EXPECT_EQ(again.stats().bytes, stats.bytes);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// A process that may have one GiB of addresses more than when it began.
TEST(KvBatchMemory, IsOfItsChangesAndNotAPageForEach) {
  const Store store;
  in_child([&] {
    Batch batch;
    for (int n = 0; n < 500'000; ++n) batch.put(std::to_string(n), "v");
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 0, .write_path = WritePath::append});
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    statm >> pages;
    const rlimit limit{.rlim_cur = pages * 4096 + (1ULL << 30), .rlim_max = RLIM_INFINITY};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
    EXPECT_TRUE(ok(kv.write(batch)));
    EXPECT_TRUE(ok(kv.write(batch))) << "all of them over others";
    EXPECT_EQ(kv.size(), 500'000U);
  });
}
#endif

}  // namespace
}  // namespace datawal::test
