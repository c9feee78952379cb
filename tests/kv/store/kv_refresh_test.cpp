// A reader that goes on shows what one shows that is opened now.

#include <algorithm>
#include <sstream>
#include <utility>

#include <datawal/batch.hpp>
#include <datawal/repair.hpp>

#include "faulty_file_system.hpp"
#include "kv/kv_support.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

// All that a reader says of a store, but for the size of its index.
std::string told_by(const DataWalReader& reader) {
  std::ostringstream out;
  const StoreStats stats = reader.stats();
  out << stats.segments << ' ' << stats.bytes << ' ' << stats.live_bytes << ' ' << stats.live_keys << ' '
      << stats.raw_records << ' ' << stats.put_records << ' ' << stats.delete_records << ' ' << stats.last_txid << ' '
      << stats.durable_txid << ' ' << stats.quarantined_files << ' ' << stats.garbage_ratio << '\n';
  for (const SegmentStats& segment : stats.per_segment) {
    out << segment.id << ' ' << segment.bytes << ' ' << segment.live_bytes << ' ' << segment.dead_bytes << ' '
        << segment.tombstone_bytes << '\n';
  }
  const RecoveryReport& report = reader.report();
  out << report.files_scanned << ' ' << report.records_replayed << ' ' << report.tail_truncated << ' '
      << report.tail_bytes_discarded << ' ' << report.last_txid_seen << ' ' << report.preallocated_bytes << ' '
      << report.txid_gaps << ' ' << report.records_beyond_tear << ' ' << report.quarantined_previously << '\n';
  must(reader.for_each([&out](std::string_view key, std::string_view value) {
    out << key << '=' << value << '\n';
    return true;
  }));
  return out.str();
}

class KvRefresh : public testing::TestWithParam<ReadPath> {
 protected:
  [[nodiscard]] DataWalReader open_reader() const { return open_kv_reader(store_.path(), {.read_path = GetParam()}); }

  [[nodiscard]] DataWal open_writer(std::uint64_t max_segment_bytes = 600) const {
    return open_kv(store_.path(), {.max_segment_bytes = max_segment_bytes, .write_path = write_path_});
  }

  void expect_as_opened_now(DataWalReader& reader) {
    const Contents before = std::exchange(shown_, {});  // what a repair cuts cannot be read any more
    const bool changed = must(reader.refresh());
    const DataWalReader fresh = open_reader();
    ASSERT_EQ(told_by(reader), told_by(fresh));
    EXPECT_EQ(reader.size(), fresh.size());
    shown_ = contents_of(reader);
    EXPECT_TRUE(changed || shown_ == before);
    for (const auto& [key, value] : before) {
      EXPECT_EQ(must(reader.get(key)), must(fresh.get(key)));
    }
    EXPECT_FALSE(must(reader.refresh()));
    ASSERT_EQ(told_by(reader), told_by(fresh));
  }

  Store store_;
  WritePath write_path_ = WritePath::automatic;
  Contents shown_;  // by the reader, when it was last compared
};

class KvRefreshHistory : public KvRefresh {
 protected:
  std::string some_key() { return "k" + std::to_string(between(random_, 0, 30)); }
  std::string some_value() {
    return std::string(between(random_, 0, 60), static_cast<char>('a' + between(random_, 0, 25)));
  }

  void as_log(const std::function<void(RecordLog&)>& action) {
    must(kv_->close());
    {
      RecordLog log = must(RecordLog::open(store_.path(), {.max_segment_bytes = 600}));
      action(log);
      must(log.close());
    }
    kv_ = open_writer();
  }

  std::uint32_t last_segment() const { return must(RecordLogReader::open(store_.path())).segments().back(); }

  void step() {
    switch (between(random_, 0, 16)) {
      case 0: must(kv_->erase(some_key())); break;
      case 1: {
        Batch batch;
        for (std::uint64_t n = between(random_, 1, 12); n > 0; --n) batch.put(some_key(), some_value());
        batch.erase(some_key());
        must(kv_->write(batch));
        break;
      }
      case 2: must(kv_->fsync()); break;
      case 3: must(kv_->compact({.min_garbage_ratio = 0})); break;
      case 4: must(kv_->compact({.min_garbage_ratio = 1})); break;  // rotates
      case 5:
        must(kv_->close());
        kv_ = open_writer();
        break;
      case 6: as_log([](RecordLog& log) { must(log.append("raw")); }); break;
      case 7:
        as_log([&](RecordLog& log) {
          must(log.drop_segments_before(log.active_segment() - static_cast<std::uint32_t>(between(random_, 0, 1)),
                                        {.with_keys = true}));
        });
        break;
      case 8:  // a tear
        must(kv_->close());
        overwrite(store_.segment(last_segment()), std::filesystem::file_size(store_.segment(last_segment())), "DWAL\1");
        torn_ = true;
        break;
      case 9: {  // damage, and what is done about it
        must(kv_->close());
        const std::vector<Record> records = read(store_.path()).records;
        if (!records.empty()) {
          const RecordRef ref =
              records[between(random_, records.size() - std::min<std::size_t>(records.size(), 9), records.size() - 1)]
                  .ref;
          damage(store_.segment(ref.segment), ref.offset + ref.len - 1);
        }
        must(repair(store_.path()));
        kv_ = open_writer();
        break;
      }
      default: must(kv_->put(some_key(), some_value())); break;
    }
  }

  std::mt19937_64 random_ = seeded_random();
  std::optional<DataWal> kv_;
  bool torn_ = false;
};

TEST_P(KvRefreshHistory, ShowsAfterEveryStepWhatAReaderShowsThatIsOpenedThen) {
  for (int history = 0; history < 12; ++history) {
    store_.clear();
    write_path_ = history % 2 == 0 ? WritePath::append : WritePath::mapped;
    kv_ = open_writer();
    DataWalReader reader = open_reader();
    shown_.clear();
    for (int n = 0; n < 120; ++n) {
      step();
      expect_as_opened_now(reader);
      if (HasFatalFailure()) return;
      if (std::exchange(torn_, false)) kv_ = open_writer();
      if (n % 5 == 0) expect_as_opened_now(reader);
    }
    must(kv_->close());
    expect_as_opened_now(reader);
    kv_.reset();
  }
}

TEST_P(KvRefresh, ReadsOfWhatIsSyncedTheLastRecordAlone) {
  DataWal kv = open_writer();
  for (int n = 0; n < 200; ++n) must(kv.put("key " + std::to_string(n), "value"));
  must(kv.close());
  safeatomic::test::FaultyFileSystem files;
  DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam(), .file_system = &files});
  const RecordRef last = read(store_.path()).records.back().ref;
  files.restart();
  EXPECT_FALSE(must(reader.refresh()));
  for (const FsOp& op : files.operations()) {
    if (op.kind == OpKind::read && op.path.ends_with(".dwal")) {
      EXPECT_TRUE(op.path.ends_with(store_.segment(last.segment).filename().string())) << op.path;
      EXPECT_GE(op.offset, last.offset);
    }
  }
}

TEST_P(KvRefresh, ReadsOnlyTheSegmentsThatAreNew) {
  DataWal kv = open_writer();
  for (int n = 0; n < 200; ++n) must(kv.put("key " + std::to_string(n), "value"));
  safeatomic::test::FaultyFileSystem files;
  DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam(), .file_system = &files});
  const std::string last = store_.segment(kv.log().active_segment());
  for (int n = 200; n < 240; ++n) must(kv.put("key " + std::to_string(n), "value"));
  files.restart();
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(reader.size(), 240U);
  for (const FsOp& op : files.operations()) {
    if (op.kind == OpKind::read && op.path.ends_with(".dwal")) {
      EXPECT_GE(op.path, last);
    }
  }
}

// A writer takes back a batch whose write failed; the next records lie where those lay that a reader saw meanwhile.
TEST_P(KvRefresh, SeesThatRecordsWereTakenBackThoughTheLastOneCameAgain) {
  const auto put = [](std::uint64_t txid, std::string_view key, std::string_view value) {
    return reference_encode(1, txid, key, value);
  };
  store_.put(1, put(1, "a", "old") + put(2, "b", "1") + put(3, "c", "2"));
  DataWalReader reader = open_reader();
  overwrite(store_.segment(1), 0, put(1, "a", "old") + put(2, "d", "1") + put(3, "c", "2"));
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(contents_of(reader), (Contents{{"a", "old"}, {"d", "1"}, {"c", "2"}}));
}

// The same, and then everything was synced: the place from which a reader looks again has moved.
TEST_P(KvRefresh, SeesThatRecordsWereTakenBackThoughTheOthersAreSyncedByNow) {
  const auto put = [](std::uint64_t txid, std::string_view key, std::string_view value) {
    return reference_encode(1, txid, key, value);
  };
  store_.put(1, put(1, "a", "old"));
  must(open_writer().close());  // syncs it
  overwrite(store_.segment(1), put(1, "a", "old").size(), put(2, "b", "OLD"));
  DataWalReader reader = open_reader();
  EXPECT_TRUE(has(reader, "b", "OLD"));
  overwrite(store_.segment(1), put(1, "a", "old").size(), put(2, "b", "NEW"));
  must(open_writer().close());
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_TRUE(has(reader, "b", "NEW"));
}

// An older copy was written over the file, with its watermark removed, and its writer went on from there.
TEST_P(KvRefresh, SeesThatAnOlderCopyWasRestoredThoughWhatStandsThereNowIsAsLong) {
  const auto put = [](std::uint64_t txid, std::string_view key, std::string_view value) {
    return reference_encode(1, txid, key, value);
  };
  const std::string old = put(1, "a", "1");
  for (const std::string_view now : {"b", "longer than it was"}) {
    store_.clear();
    store_.put(1, old + put(2, "a", "2"));
    must(open_writer().close());  // syncs it
    DataWalReader reader = open_reader();
    std::filesystem::remove(store_.path() / ".watermark");
    std::filesystem::resize_file(store_.segment(1), old.size());
    must(open_writer().put("a", now, {.sync = true}));
    must(open_writer().put("b", "3", {.sync = true}));
    expect_as_opened_now(reader);
    EXPECT_TRUE(has(reader, "a", now));
  }
}

TEST_P(KvRefresh, ThatFailsLeavesTheViewAsItWas) {
  store_.put(1, reference_encode(1, 1, "a", "1"));
  DataWalReader reader = open_reader();
  const std::string before = told_by(reader);
  const std::string sound = reference_encode(1, 2, "b", "2");
  store_.put(2, sound + std::string(40, 'x'));
  store_.put(3, reference_encode(1, 3, "c", "3"));
  EXPECT_TRUE(refused(reader.refresh(), Errc::corruption));
  EXPECT_EQ(told_by(reader), before);
  store_.put(2, sound);
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(contents_of(reader), (Contents{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

INSTANTIATE_TEST_SUITE_P(Reading, KvRefresh, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });
INSTANTIATE_TEST_SUITE_P(Reading, KvRefreshHistory, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
