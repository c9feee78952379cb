// Addresses of records: enough of them, got before they are needed, and given out again.

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

// Segments without a limit, of which some new one is rewritten in every cycle.
TEST(Addresses, SufficeForAnyHistoryWithoutALimitOfSegments) {
  const Store store;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 0});
  Contents wanted;
  const auto put = [&](int n, const std::string& value) {
    wanted[std::to_string(n)] = value;
    ASSERT_TRUE(ok(kv.put(std::to_string(n), value)));
  };
  for (int cycle = 0; cycle < 150; ++cycle) {
    SCOPED_TRACE("cycle " + std::to_string(cycle));
    for (int n = 0; n < 20; ++n) put(20 * cycle + n, "new");
    for (int n = 0; n < 10 && cycle >= 20; ++n) put(20 * (cycle - 20) + n, "newer");
    ASSERT_TRUE(ok(kv.compact()));
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(contents_of(kv), wanted);
  must(kv.close());
  EXPECT_EQ(contents_of(open_kv(store.path())), wanted);
}

TEST(Addresses, SufficeForARecordAndABatchLargerThanASegment) {
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    const Store store;
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 1000, .read_path = path});
    Contents wanted;
    for (int round = 0; round < 3; ++round) {
      Batch batch;
      for (int n = 0; n < 50; ++n) {
        wanted[std::to_string(n)] = std::string(70'000 + static_cast<std::size_t>(n), static_cast<char>('a' + round));
        batch.put(std::to_string(n), wanted[std::to_string(n)]);
      }
      must(kv.write(batch));
      wanted["alone"] = std::string(5'000'000, static_cast<char>('a' + round));
      must(kv.put("alone", wanted["alone"]));
      must(kv.put("small", std::to_string(round)));
      wanted["small"] = std::to_string(round);
      EXPECT_TRUE(contents_of(kv) == wanted);
      must(kv.compact({.min_garbage_ratio = 0}));
      EXPECT_TRUE(contents_of(kv) == wanted);
    }
  }
}

// What a walk still looks at is not given out again.
TEST(Addresses, OfRewrittenSegmentsAreNotGivenOutAgainAsLongAsAWalkHoldsThem) {
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    const Store store;
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 4096, .read_path = path});
    const auto put_all = [&kv](int round) {
      for (int n = 0; n < 100; ++n) must(kv.put(std::to_string(n), std::to_string(round) + std::string(200, 'v')));
    };
    put_all(0);
    const Contents before = contents_of(kv);
    Contents seen;
    must(kv.for_each([&](std::string_view key, std::string_view value) {
      seen.emplace(key, value);
      if (seen.size() % 10 == 0) {
        put_all(static_cast<int>(seen.size()));
        must(kv.compact({.min_garbage_ratio = 0}));
      }
      return true;
    }));
    EXPECT_EQ(seen, before);
    must(kv.compact({.min_garbage_ratio = 0}));
    for (const auto& [key, value] : contents_of(kv)) EXPECT_TRUE(value.starts_with("100v")) << key;
  }
}

}  // namespace
}  // namespace datawal::test
