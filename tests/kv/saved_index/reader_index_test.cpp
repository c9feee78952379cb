// A reader that uses a persisted index shows what one shows that reads all.

#include <cstdint>
#include <string>

#include "kv/saved_index/saved_index_support.hpp"

namespace datawal::test {
namespace {

class ReaderIndex : public testing::TestWithParam<ReadPath> {
 protected:
  ReaderIndex() {
    fill_for_index(store_.path(), keys, 40'000);
    save_index_of(store_.path());
  }

  [[nodiscard]] DataWalReader open(bool uses_index = true) const {
    return open_kv_reader(store_.path(), {.read_path = GetParam(), .uses_index = uses_index});
  }

  // @return how many records were read with it
  std::uint64_t expect_as_without(IndexState state) const {
    const DataWalReader with = open();
    expect_equal(with, open(false));
    EXPECT_EQ(with.report().index_state, state) << with.report().index_reason;
    return with.report().records_read;
  }

  static void expect_equal(const DataWalReader& with, const DataWalReader& without) {
    for (int i = 0; i < keys; ++i) {
      const std::string key = "key " + std::to_string(i);
      ASSERT_EQ(must(with.get(key)), must(without.get(key))) << key;
    }
    EXPECT_EQ(contents_of(with), contents_of(without));
    EXPECT_EQ(with.size(), without.size());
    const StoreStats a = with.stats();
    const StoreStats b = without.stats();
    EXPECT_EQ(a.last_txid, b.last_txid);
    EXPECT_EQ(a.durable_txid, b.durable_txid);
    EXPECT_EQ(a.live_bytes, b.live_bytes);
    EXPECT_EQ(a.delete_records, b.delete_records);
    EXPECT_EQ(a.per_segment.size(), b.per_segment.size());
    EXPECT_EQ(with.report().records_replayed, without.report().records_replayed);
    EXPECT_EQ(with.report().txid_gaps, without.report().txid_gaps);
    EXPECT_EQ(with.report().files_scanned, without.report().files_scanned);
  }

  static constexpr int keys = 2000;
  const Store store_;
};

TEST_P(ReaderIndex, OfAClosedStoreIsAllThatIsRead) { EXPECT_EQ(expect_as_without(IndexState::used), 0U); }

TEST_P(ReaderIndex, IsFollowedByTheRecordsBehindIt) {
  DataWal store = open_kv(store_.path(), {.max_segment_bytes = 1000});
  must(store.put("key 1", "behind"));
  must(store.erase("key 2"));
  for (int i = 3; i < 40; ++i) must(store.put("key " + std::to_string(i), std::string(90, 'n')));
  EXPECT_EQ(expect_as_without(IndexState::used), 39U);
}

TEST_P(ReaderIndex, IsNotUsedUnlessAskedFor) {
  EXPECT_EQ(open(false).report().index_state, IndexState::absent);
  EXPECT_GT(open(false).report().records_read, 0U);
}

TEST_P(ReaderIndex, OfACompactedStoreIsStale) {
  DataWal store = open_kv(store_.path());
  must(store.compact({.min_garbage_ratio = 0}));
  EXPECT_GT(expect_as_without(IndexState::stale), 0U);
}

TEST_P(ReaderIndex, OfAStoreWithoutOneIsAbsent) {
  std::filesystem::remove(store_ / index_file);
  EXPECT_GT(expect_as_without(IndexState::absent), 0U);
}

TEST_P(ReaderIndex, DamagedInAPageIsToldAndLeftWhereItIs) {
  std::string bytes = read_file(store_ / index_file);
  for (std::size_t at = pages_begin_of(bytes); at < bytes.size(); at += 4096) bytes[at] ^= 1;
  write_file(store_ / index_file, bytes);
  const DataWalReader reader = open();
  std::size_t damaged = 0;
  for (int i = 0; i < keys; ++i) {
    const auto got = reader.get("key " + std::to_string(i));
    if (got.has_value()) continue;
    EXPECT_EQ(got.error().code, Errc::corruption);
    ++damaged;
  }
  EXPECT_GT(damaged, 0U);
  EXPECT_TRUE(refused(reader.for_each([](std::string_view, std::string_view) { return true; }), Errc::corruption));
  EXPECT_EQ(read_file(store_ / index_file), bytes);
}

TEST_P(ReaderIndex, IsRefreshedByWhatWasAdded) {
  DataWalReader reader = open();
  EXPECT_FALSE(must(reader.refresh()));
  DataWal store = open_kv(store_.path());
  must(store.put("key 1", "added"));
  must(store.erase("key 3"));
  EXPECT_TRUE(must(reader.refresh()));
  expect_equal(reader, open(false));
  EXPECT_FALSE(must(reader.refresh()));
}

TEST_P(ReaderIndex, IsOutlivedByAReaderWhenAnotherTakesItsPlace) {
  const DataWalReader reader = open();
  const DataWalReader whole = open(false);
  {
    DataWal store = open_kv(store_.path(), indexed());
    for (int i = 0; i < keys; ++i) must(store.put("key " + std::to_string(i), "later"));
    must(store.save_index());
  }
  for (int i = 0; i < keys; ++i) {
    const std::string key = "key " + std::to_string(i);
    ASSERT_EQ(must(reader.get(key)), must(whole.get(key))) << key;
  }
}

TEST_P(ReaderIndex, IsUsedAgainWhereARefreshMustReadAllAnew) {
  DataWalReader reader = open();
  {
    DataWal store = open_kv(store_.path(), indexed());
    must(store.compact({.min_garbage_ratio = 0}));
    must(store.save_index());
  }
  must(reader.refresh());
  EXPECT_EQ(reader.report().index_state, IndexState::used) << reader.report().index_reason;
  EXPECT_EQ(reader.report().records_read, 0U);
  expect_equal(reader, open(false));
}

INSTANTIATE_TEST_SUITE_P(Paths, ReaderIndex, testing::Values(ReadPath::mapped, ReadPath::pread),
                         [](const auto& info) { return info.param == ReadPath::mapped ? "Mapped" : "Pread"; });

}  // namespace
}  // namespace datawal::test
