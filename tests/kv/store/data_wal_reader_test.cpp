// Looking at a key/value store without disturbing anybody.

#include <unistd.h>

#include "kv/kv_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

class KvReader : public testing::TestWithParam<ReadPath> {
 protected:
  [[nodiscard]] DataWalReader open() const { return open_kv_reader(store_.path(), {.read_path = GetParam()}); }

  Store store_;
};

TEST_P(KvReader, ShowsTheStateAtItsOpeningUntilItIsRefreshed) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 100});
  must(kv.put("a", "1"));
  must(kv.put("b", "1"));
  DataWalReader reader = open();
  for (int n = 0; n < 10; ++n) must(kv.put("a", "new"));
  must(kv.erase("b"));
  EXPECT_EQ(contents_of(reader), (Contents{{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(reader.size(), 2U);
  EXPECT_TRUE(has(reader, "b", "1"));
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(contents_of(reader), (Contents{{"a", "new"}}));
  EXPECT_FALSE(must(reader.contains("b")));
  EXPECT_FALSE(must(reader.refresh())) << "nothing was changed";
}

TEST_P(KvReader, SeesWhatAnotherProcessPuts) {
  Child writer([&](Talk& talk) {
    DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 200});
    talk.tell("open");
    for (int n = 1; talk.hear(); ++n) {
      must(kv.put("round", std::to_string(n)));
      must(kv.put("key " + std::to_string(n), "v"));
      talk.tell("put");
    }
    must(kv.close());
  });
  ASSERT_EQ(writer.talk().hear(), "open");
  DataWalReader reader = open();
  for (int n = 1; n <= 20; ++n) {
    writer.talk().tell("go on");
    ASSERT_EQ(writer.talk().hear(), "put");
    EXPECT_TRUE(must(reader.refresh()));
    EXPECT_TRUE(has(reader, "round", std::to_string(n)));
    EXPECT_TRUE(has(reader, "key " + std::to_string(n), "v"));
    EXPECT_EQ(reader.size(), static_cast<std::uint64_t>(n) + 1);
    EXPECT_FALSE(reader.report().tail_truncated);
  }
  writer.talk().close();
  EXPECT_EQ(writer.wait(), 0);
  EXPECT_FALSE(must(reader.refresh()));
}

TEST_P(KvReader, ChangesNothing) {
  fill(store_.path(), {{"a", "1"}, {"b", "2"}}, {.max_segment_bytes = 40});
  overwrite(store_.segment(2), std::filesystem::file_size(store_.segment(2)), "torn");
  const Fingerprint before = fingerprint_of(store_.path());
  {
    DataWalReader reader = open();
    EXPECT_EQ(contents_of(reader).size(), 2U);
    EXPECT_TRUE(reader.report().tail_truncated);
    EXPECT_EQ(reader.report().tail_bytes_discarded, 4U);
    EXPECT_FALSE(must(reader.refresh()));
    must(reader.export_jsonl(store_.beside("lines")));
    must(reader.compact_to(store_.beside("target")));
  }
  EXPECT_EQ(fingerprint_of(store_.path()), before);
}

TEST_P(KvReader, WorksInADirectoryThatMayNotBeWrittenTo) {
  fill(store_.path(), {{"a", "1"}});
  using std::filesystem::perms;
  std::filesystem::permissions(store_.path(), perms::owner_read | perms::owner_exec | perms::group_read |
                                                  perms::group_exec | perms::others_read | perms::others_exec);
  const Fingerprint before = fingerprint_of(store_.path());
  EXPECT_TRUE(has(open(), "a", "1"));
  EXPECT_EQ(fingerprint_of(store_.path()), before);
  std::filesystem::permissions(store_.path(), perms::owner_all);
}

TEST_P(KvReader, RefusesADamagedStoreAndNamesThePlace) {
  fill(store_.path(), {{"a", "1"}, {"b", "2"}, {"c", "3"}}, {.max_segment_bytes = 70});
  damage(store_.segment(1), 30 + 24);  // the key of the second record of a sealed segment
  const Result<DataWalReader> reader = DataWalReader::open(store_.path(), {.read_path = GetParam()});
  ASSERT_TRUE(refused(reader, Errc::corruption));
  EXPECT_EQ(reader.error().segment, 1U);
  EXPECT_EQ(reader.error().offset, 30U);
}

TEST_P(KvReader, KeepsItsViewWhenARefreshMeetsDamage) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 70});
  must(kv.put("a", "1"));
  DataWalReader reader = open();
  for (const char* key : {"b", "c", "d"}) must(kv.put(key, "2"));
  damage(store_.segment(1), 30 + 24);
  EXPECT_TRUE(refused(reader.refresh(), Errc::corruption));
  EXPECT_EQ(contents_of(reader), (Contents{{"a", "1"}}));
  damage(store_.segment(1), 30 + 24);
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(reader.size(), 4U);
}

TEST_P(KvReader, RefusesToShowOnlyWhatIsDurable) {
  (void)open_kv(store_.path());
  EXPECT_TRUE(refused(DataWalReader::open(store_.path(), {.only_durable = true}), Errc::invalid_argument));
}

TEST_P(KvReader, OfAnEmptyOrAbsentDirectoryHasNothing) {
  DataWalReader reader = open();
  EXPECT_EQ(reader.size(), 0U);
  EXPECT_TRUE(lacks(reader, "a"));
  EXPECT_EQ(reader.stats().segments, 0U);
  EXPECT_TRUE(contents_of(reader).empty());
  fill(store_.path(), {{"a", "1"}});
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_TRUE(has(reader, "a", "1"));
  EXPECT_TRUE(refused(DataWalReader::open(store_.beside("absent")), Errc::not_found));
}

TEST_P(KvReader, ShowsALastSegmentThatIsStillEmpty) {
  fill(store_.path(), {{"a", "1"}});
  store_.put(2, "");
  const DataWalReader reader = open();
  EXPECT_TRUE(has(reader, "a", "1"));
  EXPECT_EQ(contents_of(reader), (Contents{{"a", "1"}}));
  EXPECT_EQ(reader.stats().segments, 2U);
}

TEST_P(KvReader, CountsWhatTheWriterCounts) {
  append_plain(store_.path(), {{RecordType::Raw, "", "event"},
                               {RecordType::Put, "a", "1"},
                               {RecordType::Put, "a", "2"},
                               {RecordType::Put, "b", "3"},
                               {RecordType::Delete, "b", ""}});
  const StoreStats seen = open().stats();
  const StoreStats own = open_kv(store_.path()).stats();
  for (const StoreStats& stats : {seen, own}) {
    EXPECT_EQ(stats.segments, 1U);
    EXPECT_EQ(stats.bytes, 28U + 5 + 3 * 30 + 29);
    EXPECT_EQ(stats.live_bytes, 30U);
    EXPECT_EQ(stats.live_keys, 1U);
    EXPECT_EQ(stats.raw_records, 1U);
    EXPECT_EQ(stats.put_records, 3U);
    EXPECT_EQ(stats.delete_records, 1U);
    EXPECT_EQ(stats.last_txid, 5U);
    EXPECT_EQ(stats.durable_txid, 5U);
    EXPECT_DOUBLE_EQ(stats.garbage_ratio, (152.0 - 30 - 33) / 152);
  }
}

TEST_P(KvReader, ThatWasMovedFromIsClosed) {
  fill(store_.path(), {{"a", "1"}});
  DataWalReader reader = open();
  const DataWalReader other = std::move(reader);
  EXPECT_TRUE(has(other, "a", "1"));
  // NOLINTBEGIN(bugprone-use-after-move): that is what this is about
  EXPECT_TRUE(refused(reader.get("a"), Errc::closed));
  EXPECT_TRUE(refused(reader.contains("a"), Errc::closed));
  EXPECT_TRUE(refused(reader.refresh(), Errc::closed));
  EXPECT_TRUE(refused(reader.export_jsonl(store_.beside("lines")), Errc::closed));
  EXPECT_EQ(reader.size(), 0U);
  EXPECT_EQ(reader.report().records_replayed, 0U);
  // NOLINTEND(bugprone-use-after-move)
}

INSTANTIATE_TEST_SUITE_P(Reading, KvReader, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
