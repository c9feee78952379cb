// DataWal::compact(): space comes back, and nothing else changes.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <set>
#include <thread>

#include <datawal/stats.hpp>

#include "kv/kv_support.hpp"
#include "log/operation_trace.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

std::uint64_t bytes_in(const std::filesystem::path& dir) {
  std::uint64_t bytes = 0;
  for (const std::string& name : names_in(dir)) {
    if (name.ends_with(".dwal")) bytes += std::filesystem::file_size(dir / name);
  }
  return bytes;
}

std::vector<std::string> segments_in(const std::filesystem::path& dir) {
  std::vector<std::string> segments;
  for (const std::string& name : names_in(dir)) {
    if (name.ends_with(".dwal")) segments.push_back(name);
  }
  return segments;
}

std::vector<std::uint64_t> txids_in(const std::filesystem::path& dir) {
  std::vector<std::uint64_t> txids;
  for (const Record& record : read(dir).records) txids.push_back(record.txid);
  return txids;
}

class KvCompact : public testing::TestWithParam<ReadPath> {
 protected:
  DataWal open(std::uint64_t segment_bytes = 400) {
    return open_kv(store_.path(), {.max_segment_bytes = segment_bytes, .read_path = GetParam()});
  }
  // Overwrites 20 keys again and again, and erases some.
  static Contents churn(DataWal& kv, int rounds) {
    Contents contents;
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        if ((i + round) % 7 == 0) {
          must(kv.erase(key));
          contents.erase(key);
        } else {
          contents[key] = std::to_string(round) + std::string(30, 'v');
          must(kv.put(key, contents[key]));
        }
      }
    }
    return contents;
  }

  const Store store_;
};

INSTANTIATE_TEST_SUITE_P(Reading, KvCompact, testing::ValuesIn(both_read_paths),
                         [](const auto& param) { return name_of(param.param); });

TEST_P(KvCompact, LeavesTheLiveRecordsAndNothingElse) {
  DataWal kv = open();
  const Contents contents = churn(kv, 20);
  const StoreStats before = kv.stats();
  const CompactionStats stats = must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(stats.live_keys, contents.size());
  EXPECT_EQ(contents_of(kv), contents);
  const StoreStats after = kv.stats();
  EXPECT_EQ(after.live_bytes, before.live_bytes);
  EXPECT_EQ(stats.bytes_reclaimed, before.bytes - after.bytes);
  EXPECT_EQ(bytes_in(store_.path()), after.bytes);
  EXPECT_LE(after.bytes, after.live_bytes + 40) << "besides the newest record, all that is left lives";
  must(kv.close());
  const DataWal again = open();
  EXPECT_EQ(contents_of(again), contents);
}

TEST_P(KvCompact, KeepsTxidsAndTheOrderOfTheLog) {
  DataWal kv = open();
  (void)churn(kv, 10);
  const std::uint64_t last = kv.log().last_txid();
  std::vector<std::string> order;
  must(kv.for_each([&order](std::string_view key, std::string_view) { return order.emplace_back(key), true; }));
  must(kv.compact({.min_garbage_ratio = 0}));
  std::vector<std::string> order_now;
  must(kv.for_each([&order_now](std::string_view key, std::string_view) { return order_now.emplace_back(key), true; }));
  EXPECT_EQ(order_now, order);
  const std::vector<std::uint64_t> txids = txids_in(store_.path());
  EXPECT_TRUE(std::ranges::is_sorted(txids));
  EXPECT_EQ(txids.back(), last);
  must(kv.put("next", ""));
  EXPECT_EQ(kv.log().last_txid(), last + 1);
}

TEST_P(KvCompact, OfKeysThatAreAllErasedLeavesOneTombstone) {
  DataWal kv = open();
  for (int i = 0; i < 50; ++i) must(kv.put("key" + std::to_string(i), "value"));
  for (int i = 0; i < 50; ++i) must(kv.erase("key" + std::to_string(i)));
  must(kv.compact({.min_garbage_ratio = 0}));
  const std::vector<Record> records = read(store_.path()).records;
  ASSERT_EQ(records.size(), 1U) << "the newest record stays, so that txids never go backwards";
  EXPECT_EQ(records[0].txid, 100U);
  must(kv.put("a", "1"));
  must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(txids_in(store_.path()), std::vector<std::uint64_t>{101});
  EXPECT_TRUE(has(kv, "a", "1"));
}

TEST_P(KvCompact, KeepsRawRecordsAsTheyAre) {
  append_plain(store_.path(), {{RecordType::Raw, "", "first"},
                               {RecordType::Put, "a", "1"},
                               {RecordType::Raw, "with key", "second"},
                               {RecordType::Put, "a", "2"},
                               {RecordType::Raw, "", "third"}});
  const auto raw = raw_records_of(store_.path());
  DataWal kv = open();
  must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(raw_records_of(store_.path()), raw);
  EXPECT_EQ(txids_in(store_.path()), (std::vector<std::uint64_t>{1, 3, 4, 5}));
  EXPECT_TRUE(has(kv, "a", "2"));
}

TEST_P(KvCompact, LeavesSegmentsWithLittleGarbageAlone) {
  DataWal kv = open(100'000);
  for (int i = 0; i < 10; ++i) must(kv.put("key" + std::to_string(i), "value"));
  must(kv.put("key0", "newer"));
  const CompactionStats first = must(kv.compact({.min_garbage_ratio = 0.5}));
  EXPECT_EQ(first.segments_rewritten, 0U);
  EXPECT_EQ(first.segments_skipped, 1U);
  EXPECT_EQ(read(store_.path()).records.size(), 11U);
  const CompactionStats second = must(kv.compact({.min_garbage_ratio = 0.05}));
  EXPECT_EQ(second.segments_rewritten, 1U);
  EXPECT_EQ(read(store_.path()).records.size(), 10U);
}

TEST_P(KvCompact, KeepsATombstoneWhileAnEarlierSegmentStillHoldsAPutOfItsKey) {
  DataWal kv = open(100'000);
  must(kv.put("ghost", "1"));
  for (int i = 0; i < 30; ++i) must(kv.put("key" + std::to_string(i), "value"));
  must(kv.compact({.min_garbage_ratio = 1}));  // a new segment
  must(kv.erase("ghost"));
  must(kv.put("x", "1"));
  must(kv.put("x", "2"));
  must(kv.put("last", ""));
  // The second segment is rewritten, the first has too little garbage.
  const CompactionStats stats = must(kv.compact({.min_garbage_ratio = 0.3}));
  EXPECT_EQ(stats.segments_rewritten, 1U);
  must(kv.close());
  DataWal again = open(100'000);
  EXPECT_TRUE(lacks(again, "ghost"));
  EXPECT_EQ(again.stats().delete_records, 1U);
  must(again.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(again.stats().delete_records, 0U);
  EXPECT_TRUE(lacks(again, "ghost"));
}

TEST_P(KvCompact, StopsWhenItIsToldToAndGoesOnNextTime) {
  DataWal kv = open();
  const Contents contents = churn(kv, 20);
  std::uint64_t calls = 0;
  const CompactionStats stopped = must(
      kv.compact({.min_garbage_ratio = 0, .on_progress = [&calls](const Progress&) { return ++calls < 5; }}));
  EXPECT_TRUE(stopped.is_cancelled);
  EXPECT_LT(stopped.segments_removed + stopped.segments_rewritten, 10U);
  EXPECT_EQ(contents_of(kv), contents);
  const CompactionStats rest = must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_FALSE(rest.is_cancelled);
  EXPECT_LE(kv.stats().bytes, kv.stats().live_bytes + 40);
  EXPECT_EQ(contents_of(kv), contents);
}

TEST_P(KvCompact, LeavesPlacesOfMovedRecordsNotFound) {
  DataWal kv = open();
  (void)churn(kv, 10);
  const std::vector<Record> before = must(kv.log().scan());
  must(kv.compact({.min_garbage_ratio = 0}));
  for (const Record& record : before) {
    const Result<Record> now = kv.log().read(record.ref);
    if (now) {
      EXPECT_EQ(now->payload, record.payload);
      EXPECT_EQ(now->txid, record.txid);
    } else {
      EXPECT_EQ(now.error().code, Errc::not_found) << now.error().message();
    }
  }
  for (const Record& record : must(kv.log().scan())) EXPECT_EQ(must(kv.log().read(record.ref)).payload, record.payload);
}

TEST_P(KvCompact, IsNotSeenByACursorThatBeganBefore) {
  DataWal kv = open();
  (void)churn(kv, 10);
  const std::vector<Record> before = must(kv.log().scan());
  RecordCursor cursor = kv.log().records();
  must(kv.compact({.min_garbage_ratio = 0}));
  for (const Record& record : before) {
    const auto next = must(cursor.next());
    ASSERT_TRUE(next);
    EXPECT_EQ(next->txid, record.txid);
    EXPECT_EQ(next->payload, record.payload);
  }
  EXPECT_FALSE(must(cursor.next()));
}

TEST_P(KvCompact, TwiceDoesNotDisturbAReaderThatHoldsASnapshot) {
  DataWal kv = open();
  const Contents contents = churn(kv, 10);
  DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam()});
  must(kv.compact({.min_garbage_ratio = 0}));
  const Contents later = churn(kv, 5);
  must(kv.compact({.min_garbage_ratio = 0}));
  for (const auto& [key, value] : contents) {
    const Result<std::optional<std::string>> got = reader.get(key);
    if (got) {
      EXPECT_EQ(got->value_or("absent"), value);
    } else {
      EXPECT_EQ(got.error().code, Errc::snapshot_expired);
    }
  }
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(contents_of(reader), later);
}

TEST_P(KvCompact, FailsAtADamagedSegmentAndTouchesNothing) {
  {
    DataWal kv = open();
    (void)churn(kv, 10);
    must(kv.close());
  }
  DataWal kv = open();
  const std::filesystem::path first = store_.path() / segments_in(store_.path()).front();
  overwrite(first, 60, "damage");
  const std::string image = read_file(first);
  const Result<CompactionStats> failed = kv.compact({.min_garbage_ratio = 0});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::corruption);
  EXPECT_EQ(read_file(first), image);
}

// Files of a store that have lost their name and still take their space.
std::size_t nameless_files(const std::filesystem::path& dir) {
  std::set<std::string> found;
  const auto note = [&](std::string_view line) {
    const std::size_t begin = line.find(dir.native());
    if (begin != std::string_view::npos && line.ends_with(" (deleted)")) found.emplace(line.substr(begin));
  };
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    note(std::filesystem::read_symlink(entry.path(), gone).native());
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) note(line);
  return found.size();
}

TEST_P(KvCompact, GivesBackEachSegmentBeforeTheNext) {
  DataWal kv = open();
  (void)churn(kv, 40);
  for (const Record& record : must(kv.log().scan())) must(kv.log().read(record.ref));  // files are kept open for that
  std::size_t most = 0;
  must(kv.compact({.min_garbage_ratio = 0, .on_progress = [&](const Progress&) {
                     most = std::max(most, nameless_files(store_.path()));
                     return true;
                   }}));
  EXPECT_LE(most, 1U);
}

TEST_P(KvCompact, TakesAwayWhatIsDeadWithoutReadingIt) {
  DataWal kv = open();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 200; ++i) must(kv.put("key" + std::to_string(i), std::to_string(round)));
  }
  const std::filesystem::path first = store_.path() / segments_in(store_.path()).front();
  overwrite(first, 60, "damage that concerns nobody any more");
  EXPECT_GT(must(kv.compact({.min_garbage_ratio = 0})).segments_removed, 5U);
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_EQ(kv.size(), 200U);
}

TEST_P(KvCompact, TakesAwayASegmentThatDiesWhileItIsRewritten) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 8 << 20, .read_path = GetParam()});
  const std::string value(100'000, 'v');
  const auto put_all = [&kv, &value] {
    for (int i = 0; i < 60; ++i) must(kv.put(std::to_string(i), value));
  };
  put_all();
  must(kv.compact({.min_garbage_ratio = 1}));  // seals it
  must(kv.put("0", "garbage in the first segment"));
  bool is_dead = false;
  const CompactionStats stats = must(kv.compact({.min_garbage_ratio = 0, .on_progress = [&](const Progress&) {
                                                   if (!std::exchange(is_dead, true)) put_all();
                                                   return true;
                                                 }}));
  EXPECT_EQ(stats.segments_removed, 2U);
  EXPECT_EQ(stats.records_written, 0U);
  for (const std::string& name : names_in(store_.path())) EXPECT_FALSE(name.starts_with(".tmp-")) << name;
  EXPECT_TRUE(has(kv, "0", value));
  EXPECT_EQ(kv.size(), 60U);
}

TEST(KvAutoCompactConcurrency, GivesBackSpaceByItself) {
  const Store store;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 1000, .auto_compact = {.is_enabled = true}});
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 10; ++i) must(kv.put("key" + std::to_string(i), std::to_string(round)));
  }
  EXPECT_TRUE(eventually([&kv] {
    const StoreStats stats = kv.stats();
    std::uint64_t sealed = 0;
    for (const SegmentStats& segment : stats.per_segment) sealed += segment.is_active ? 0 : segment.bytes;
    return sealed <= 2 * stats.live_bytes;
  }));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(has(kv, "key" + std::to_string(i), "199"));
  must(kv.close());
  EXPECT_EQ(open_kv(store.path()).size(), 10U);
}

TEST(KvAutoCompactConcurrency, KeepsSegmentsSmallBesideWhatLives) {
  const std::string value(1 << 20, 'v');
  const auto segments_after_40_mib = [&value](const OpenOptions& options) {
    const Store store;
    DataWal kv = open_kv(store.path(), options);
    for (int i = 0; i < 40; ++i) must(kv.put(std::to_string(i), value));
    return segments_in(store.path()).size();
  };
  EXPECT_EQ(segments_after_40_mib({.auto_compact = {.is_enabled = true}}), 3U);
  EXPECT_EQ(segments_after_40_mib({.max_segment_bytes = 0, .auto_compact = {.is_enabled = true}}), 1U);
  EXPECT_EQ(segments_after_40_mib({}), 1U);
}

TEST(KvAutoCompactConcurrency, SeesGarbageThatAppearsInSegmentsThatWereSealedBefore) {
  const Store store;
  constexpr std::uint64_t segment_bytes = 8 << 20;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 0, .auto_compact = {.is_enabled = true}});
  const std::string value(1000, 'v');
  const auto put_all = [&kv, &value] {
    for (std::uint64_t i = 0; i < segment_bytes / value.size(); ++i) must(kv.put(std::to_string(i), value));
  };
  put_all();
  must(kv.compact({.min_garbage_ratio = 1}));  // seals it, all alive
  put_all();                                   // now all of it is dead, and nothing is sealed for long
  put_all();
  put_all();
  EXPECT_TRUE(eventually([&store] { return !std::filesystem::exists(store.path() / "00000001.dwal"); }));
}

TEST(KvAutoCompactConcurrency, KeepsUpWithWritersThatAreFasterThanItsLimit) {
  const Store store;
  DataWal kv = open_kv(store.path(),
                       {.max_segment_bytes = 4000, .auto_compact = {.is_enabled = true, .max_bytes_per_second = 1}});
  const std::string value(100, 'v');
  // A tenth of each segment stays alive, so that none can be given back unread: at a byte a second, none would be.
  int round = 0;
  EXPECT_TRUE(eventually([&] {
    must(kv.put("once" + std::to_string(++round), value));
    for (int i = 0; i < 9; ++i) must(kv.put(std::to_string(i), value));
    const StoreStats stats = kv.stats();
    return kv.log().active_segment() > 20 && stats.bytes < 3 * stats.live_bytes;
  }));
}

TEST(KvAutoCompactConcurrency, KeepsToItsLimitWhereThatIsMeant) {
  const Store store;
  DataWal kv = open_kv(
      store.path(), {.max_segment_bytes = 4000,
                     .auto_compact = {.is_enabled = true, .max_bytes_per_second = 1, .keeps_up_with_writers = false}});
  const std::string value(100, 'v');
  for (int i = 0; i < 1000; ++i) must(kv.put(i % 20 == 0 ? "once" + std::to_string(i) : "again", value));
  // The first segment that it reads takes it an hour.
  EXPECT_GT(kv.stats().bytes, 100'000U);
}

TEST(KvAutoCompactConcurrency, ThatFailsIsToldByTheStatsUntilItSucceedsAndAfterwards) {
  const Store store;
  FaultyFileSystem files;
  DataWal kv = open_kv(store.path(),
                       {.max_segment_bytes = 1000, .auto_compact = {.is_enabled = true}, .file_system = &files});
  EXPECT_TRUE(kv.stats().auto_compact.is_enabled);
  files.set_hook([](const FsOp& op) -> std::optional<safeatomic::test::Fault> {
    const bool makes = op.kind == OpKind::open_file && op.path.find(".tmp-") != std::string::npos;
    if (makes) return safeatomic::test::Fault::error(EIO);
    return std::nullopt;
  });
  int round = 0;
  const auto until = [&](const std::function<bool(const AutoCompactStats&)>& holds) {
    return eventually([&] {
      must(kv.put("once" + std::to_string(++round), "stays"));
      for (int i = 0; i < 10; ++i) must(kv.put("key" + std::to_string(i), std::to_string(round)));
      return holds(kv.stats().auto_compact);
    });
  };
  ASSERT_TRUE(until([](const AutoCompactStats& stats) { return stats.is_failing; }));
  AutoCompactStats stats = kv.stats().auto_compact;
  EXPECT_GE(stats.failures, 1U);
  EXPECT_GE(stats.runs, stats.failures);
  ASSERT_TRUE(stats.last_error);
  EXPECT_EQ(stats.last_error->code, Errc::io);
  EXPECT_EQ(stats.last_error->os_errno, EIO);
  EXPECT_NE(prometheus_text(kv.stats(), "s").find("datawal_auto_compact_failing{store=\"s\"} 1\n"), std::string::npos);

  files.set_hook(nullptr);
  EXPECT_TRUE(until([](const AutoCompactStats& now) { return !now.is_failing; }));
  stats = kv.stats().auto_compact;
  EXPECT_GT(stats.runs, stats.failures);
  EXPECT_TRUE(stats.last_error) << "what went wrong is still told";
  EXPECT_EQ(prometheus_text(open_kv_reader(store.path()).stats(), "s").find("auto_compact"), std::string::npos)
      << "a reader knows nothing of it";
  must(kv.close());
}

TEST(KvAutoCompactConcurrency, DoesNotHangAForkedChild) {
  const Store store;
  DataWal kv = open_kv(store.path(), {.auto_compact = {.is_enabled = true}});
  must(kv.put("a", "1"));
  in_child([&kv] {
    EXPECT_TRUE(refused(kv.close(), Errc::closed));
    const DataWal gone = std::move(kv);
  });
  EXPECT_TRUE(has(kv, "a", "1"));
}

}  // namespace
}  // namespace datawal::test
