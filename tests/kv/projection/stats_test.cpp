// Records and bytes, live and dead, of each segment: kept up by every change, and the same when they are rebuilt.

#include <fstream>
#include <random>

#include "kv/kv_support.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

// What the segments hold, counted from the records themselves.
std::vector<SegmentStats> counted(const std::filesystem::path& dir) {
  const std::vector<Record> records = read(dir).records;
  std::map<std::string, const Record*> newest;
  for (const Record& record : records) {
    if (record.type != RecordType::Raw) newest[record.key] = &record;
  }
  std::map<std::uint32_t, SegmentStats> by_id;
  for (const Record& record : records) {
    SegmentStats& segment = by_id[record.ref.segment];
    segment.id = record.ref.segment;
    segment.bytes += record.ref.len;
    switch (record.type) {
      case RecordType::Raw:
        ++segment.raw_records;
        segment.raw_bytes += record.ref.len;
        break;
      case RecordType::Put:
        ++segment.put_records;
        (newest[record.key] == &record ? segment.live_bytes : segment.dead_bytes) += record.ref.len;
        break;
      case RecordType::Delete:
        ++segment.delete_records;
        segment.tombstone_bytes += record.ref.len;
        break;
    }
  }
  std::vector<SegmentStats> segments;
  for (const auto& [id, segment] : by_id) segments.push_back(segment);
  if (!segments.empty()) segments.back().is_active = true;
  return segments;
}

void expect_equal(const std::vector<SegmentStats>& got, const std::vector<SegmentStats>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    SCOPED_TRACE("segment " + std::to_string(want[i].id));
    EXPECT_EQ(got[i].id, want[i].id);
    EXPECT_EQ(got[i].bytes, want[i].bytes);
    EXPECT_EQ(got[i].live_bytes, want[i].live_bytes);
    EXPECT_EQ(got[i].raw_bytes, want[i].raw_bytes);
    EXPECT_EQ(got[i].tombstone_bytes, want[i].tombstone_bytes);
    EXPECT_EQ(got[i].dead_bytes, want[i].dead_bytes);
    EXPECT_EQ(got[i].raw_records, want[i].raw_records);
    EXPECT_EQ(got[i].put_records, want[i].put_records);
    EXPECT_EQ(got[i].delete_records, want[i].delete_records);
    EXPECT_EQ(got[i].is_active, want[i].is_active);
  }
}

TEST(KvStats, CountEverySegmentAsItsRecordsAre) {
  const Store store;
  std::mt19937_64 random = seeded_random();
  append_plain(store.path(), {{RecordType::Raw, "", "event"}, {RecordType::Put, "k1", "older"}});
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 400});
  for (int i = 0; i < 300; ++i) {
    const std::string key = "k" + std::to_string(random() % 20);
    if (random() % 4 == 0) {
      must(kv.erase(key));
    } else {
      must(kv.put(key, std::string(random() % 40, 'v')));
    }
  }
  const std::vector<SegmentStats> want = counted(store.path());
  EXPECT_GT(want.size(), 10U);
  expect_equal(kv.stats().per_segment, want);
  EXPECT_EQ(kv.stats().segments, want.size());
  expect_equal(open_kv_reader(store.path()).stats().per_segment, want);
  must(kv.close());
  const DataWal again = open_kv(store.path(), {.max_segment_bytes = 400});
  expect_equal(again.stats().per_segment, want);
}

TEST(KvStats, OfANewStoreAreZeroInOneSegment) {
  const Store store;
  const DataWal kv = open_kv(store.path());
  const StoreStats stats = kv.stats();
  EXPECT_EQ(stats.segments, 1U);
  EXPECT_EQ(stats.bytes, 0U);
  EXPECT_EQ(stats.garbage_ratio, 0.0);
  ASSERT_EQ(stats.per_segment.size(), 1U);
  EXPECT_TRUE(stats.per_segment[0].is_active);
}

TEST(KvStats, CountWhatTornTailsLeft) {
  const Store store;
  fill(store.path(), {{"a", "1"}});
  std::filesystem::remove(store.path() / ".watermark");
  std::ofstream(store.path() / "00000001.dwal", std::ios::app) << "DWAL torn";
  const DataWal kv = open_kv(store.path());
  EXPECT_EQ(kv.stats().quarantined_files, 1U);
  EXPECT_EQ(kv.stats().quarantined_bytes, 9U);
  EXPECT_EQ(open_kv_reader(store.path()).stats().quarantined_bytes, 9U);
  EXPECT_TRUE(must(kv.log().stats()).has_recovered_torn_tail);
}

TEST(KvStats, CountWhatAHandleAppendedAndSynced) {
  const Store store;
  fill(store.path(), {{"a", "before"}});
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 100});
  must(kv.put("a", "1"));
  LogStats stats = must(kv.log().stats());
  EXPECT_EQ(stats.appended_bytes, 30U) << "this handle's alone";
  EXPECT_EQ(stats.synced_bytes, 0U);
  EXPECT_EQ(stats.sync_latency.count, 0U);
  must(kv.put("b", "2", {.sync = true}));
  must(kv.put("c", "3"));  // in the next segment: what was before it was synced
  must(kv.put("d", "4"));
  stats = must(kv.log().stats());
  EXPECT_EQ(stats.appended_bytes, 120U);
  EXPECT_EQ(stats.synced_bytes, 60U);
  must(kv.fsync());
  stats = must(kv.log().stats());
  EXPECT_EQ(stats.synced_bytes, 120U);
  EXPECT_GE(stats.sync_latency.count, 2U) << "and what a rotation syncs";
  std::uint64_t in_buckets = 0;
  for (const std::uint64_t count : stats.sync_latency.counts) in_buckets += count;
  EXPECT_EQ(in_buckets, stats.sync_latency.count);
}

TEST(KvStats, AreTextForPrometheus) {
  LogStats log{.segments = 3, .appended_bytes = 12};
  log.sync_latency.counts[0] = 1;
  log.sync_latency.counts[10] = 2;
  log.sync_latency.counts[SyncLatency::bucket_count - 1] = 1;
  log.sync_latency.count = 4;
  log.sync_latency.total_microseconds = 5'002'000;
  const std::string text = prometheus_text(log, "a\\b\"c\nd");
  for (const char* line : {
           "# HELP datawal_log_segments Segment files.\n# TYPE datawal_log_segments gauge\n",
           R"(datawal_log_segments{store="a\\b\"c\nd"} 3)",
           "# TYPE datawal_log_appended_bytes_total counter\n",
           "# TYPE datawal_log_sync_seconds histogram\n",
           R"(,le="1e-06"} 1)",
           R"(,le="0.000512"} 1)",
           R"(,le="0.001024"} 3)",
           R"(,le="4.194304"} 3)",
           R"(,le="+Inf"} 4)",
           R"(datawal_log_sync_seconds_sum{store="a\\b\"c\nd"} 5.002)",
           R"(datawal_log_sync_seconds_count{store="a\\b\"c\nd"} 4)",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n---\n" << text;
  }
  EXPECT_EQ(text.back(), '\n');
}

TEST(PrometheusText, HasLabelsThatAreTextWhateverTheName) {
  const std::string text = prometheus_text(StoreStats{}, "a\x1b[2J\xff\r\n\nb");
  EXPECT_NE(text.find(R"(datawal_live_keys{store="a\\x1b[2J\\xff\\x0d\n\nb"} 0)"), std::string::npos) << text;
}

}  // namespace
}  // namespace datawal::test
