#include <sys/resource.h>

#include <gmock/gmock.h>

#include "faulty_file_system.hpp"
#include "log/reader_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReaderSnapshot : public testing::Test {
 protected:
  [[nodiscard]] RecordLogReader open() const { return must(RecordLogReader::open(store_.path())); }

  // One record per segment, txid = id, made by hand.
  void put_segments(std::uint32_t count) const {
    for (std::uint32_t id = 1; id <= count; ++id) store_.put(id, raw_frame(id, "record"));
  }

  Store store_;
};

TEST_F(ReaderSnapshot, OfAnAbsentDirectoryIsNotFound) {
  EXPECT_TRUE(refused(RecordLogReader::open(store_.beside("absent")), Errc::not_found));
}

TEST_F(ReaderSnapshot, OfAnEmptyDirectoryIsEmpty) {
  const RecordLogReader reader = open();
  EXPECT_THAT(reader.segments(), IsEmpty());
  const Reading reading = read(reader);
  EXPECT_THAT(reading.records, IsEmpty());
  EXPECT_EQ(reading.error, std::nullopt);
}

TEST_F(ReaderSnapshot, HasTheSegmentsAscendingWithTheirGaps) {
  for (const std::uint32_t id : {70'000'000U, 2U, 11U}) store_.put(id, "");
  EXPECT_THAT(open().segments(), ElementsAre(2U, 11U, 70'000'000U));
}

TEST_F(ReaderSnapshot, IsReadInLogOrderAcrossItsSegments) {
  store_.put(2, reference_encode(1, 1, "key", "one") + reference_encode(2, 2, "key", ""));
  store_.put(10, "");
  store_.put(11, raw_frame(3, "three"));
  const Reading reading = read(open());
  EXPECT_EQ(listing_of(reading.records),
            (std::vector<Listed>{{2, 0, 1, 1, "key", "one"}, {2, 34, 2, 2, "key", ""}, {11, 0, 0, 3, "", "three"}}));
  EXPECT_EQ(reading.error, std::nullopt);
  EXPECT_EQ(reading.report.files_scanned, 3U);
  EXPECT_EQ(reading.report.records_replayed, 3U);
  EXPECT_EQ(reading.report.last_txid_seen, 3U);
}

TEST_F(ReaderSnapshot, OfAWriterThatReservesSpaceEndsForGoodWhereACursorFirstEnded) {
  RecordLog log = store_.open({.write_path = WritePath::mapped});
  append_records(log, 3);
  const RecordLogReader reader = open();
  RecordCursor begun = reader.records();
  must(begun.next());
  append_records(log, 2);
  const std::vector<std::uint64_t> seen = read(reader).txids();  // the file does not tell where its records ended
  append_records(log, 2);
  EXPECT_EQ(seen, txids_up_to(seen.size()));
  EXPECT_GE(seen.size(), 3U);
  EXPECT_EQ(read(reader).txids(), seen);
  EXPECT_EQ(rest_of(begun).txids(), std::vector<std::uint64_t>(seen.begin() + 1, seen.end()));
}

TEST_F(ReaderSnapshot, DoesNotShowWhatIsAppendedLater) {
  RecordLog log = store_.open({.write_path = WritePath::append});
  append_records(log, 3);
  const RecordLogReader reader = open();
  RecordCursor begun = reader.records();
  must(begun.next());
  append_records(log, 2);
  EXPECT_EQ(rest_of(begun).txids(), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(read(reader).txids(), txids_up_to(3));
}

TEST_F(ReaderSnapshot, StaysWhileTheWriterRotatesClosesAndOpensAgain) {
  RecordLog log = store_.open();
  append_records(log, 3);
  const RecordLogReader reader = open();
  const auto still_the_same = [&](const char* after) {
    EXPECT_THAT(reader.segments(), ElementsAre(1U)) << after;
    EXPECT_EQ(read(reader).txids(), txids_up_to(3)) << after;
  };
  must(log.rotate());
  still_the_same("rotating");
  append_records(log, 2);
  still_the_same("appending to the next segment");
  must(log.close());
  still_the_same("closing");
  log = store_.open();
  append_records(log, 1);
  still_the_same("opening again");
}

TEST_F(ReaderSnapshot, OutlivesItsReaderInItsCursors) {
  {
    RecordLog log = store_.open();
    append_records(log, 3);
  }
  std::optional<RecordLogReader> reader = open();
  RecordCursor cursor = reader->records();
  reader.reset();
  EXPECT_EQ(rest_of(cursor).txids(), txids_up_to(3));
}

TEST_F(ReaderSnapshot, IsKeptByCursorsFromBeforeARefresh) {
  RecordLog log = store_.open();
  append_records(log, 3);
  RecordLogReader reader = open();
  RecordCursor old = reader.records();
  must(log.rotate());
  append_records(log, 3);
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(rest_of(old).txids(), txids_up_to(3));
  EXPECT_EQ(read(reader).txids(), txids_up_to(6));
}

TEST_F(ReaderSnapshot, EndsAgainAndAgain) {
  RecordLog log = store_.open();
  append_records(log, 1);
  const RecordLogReader reader = open();
  RecordCursor cursor = reader.records();
  EXPECT_EQ(rest_of(cursor).txids(), txids_up_to(1));
  append_records(log, 1);
  EXPECT_EQ(must(cursor.next()), std::nullopt);
}

TEST_F(ReaderSnapshot, ReadsFilesThatWereRemovedSince) {
  put_segments(3);
  const RecordLogReader reader = open();
  store_.clear();
  EXPECT_EQ(read(reader).txids(), txids_up_to(3));
}

TEST_F(ReaderSnapshot, ReadsTheOldBytesOfASegmentThatWasReplaced) {
  put_segments(3);
  const RecordLogReader reader = open();
  write_file(store_ / "new", raw_frame(2, "RECORD"));
  std::filesystem::rename(store_ / "new", store_.segment(2));
  EXPECT_THAT(read(reader).payloads(), ElementsAre("record", "record", "record"));
}

TEST_F(ReaderSnapshot, OfAMovedReaderGoesWithIt) {
  put_segments(2);
  RecordLogReader first = open();
  RecordLogReader second = std::move(first);
  EXPECT_EQ(read(second).txids(), txids_up_to(2));
  EXPECT_TRUE(refused(first.refresh(), Errc::closed));  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_TRUE(refused(first.records().next(), Errc::closed));
  EXPECT_THAT(first.segments(), IsEmpty());
}

// A writer that rotates between any two looks of the reader.

class ReaderSnapshotOfABusyStore : public ReaderSnapshot {
 protected:
  // Appends and rotates before each operation of that kind, a hundred times.
  void rotate_before(safeatomic::test::OpKind kind) {
    files_.set_hook([this, kind](const safeatomic::test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
      if (op.kind == kind && log_.active_segment() <= 100) {
        append_records(log_, 1);
        must(log_.rotate());
      }
      return std::nullopt;
    });
  }
  void expect_snapshots() {
    const std::uint64_t before = log_.last_txid();
    RecordLogReader reader = must(RecordLogReader::open(store_.path(), {.file_system = &files_}));
    const Reading first = read(reader);
    EXPECT_EQ(first.error, std::nullopt);
    EXPECT_EQ(first.txids(), txids_up_to(first.records.size()));
    EXPECT_GE(first.records.size(), before);
    append_records(log_, 1);
    EXPECT_TRUE(must(reader.refresh()));
    EXPECT_EQ(read(reader).txids(), txids_up_to(read(reader).records.size()));
    EXPECT_GT(read(reader).records.size(), first.records.size());
  }

  RecordLog log_ = store_.open();
  safeatomic::test::FaultyFileSystem files_;
};

TEST_F(ReaderSnapshotOfABusyStore, IsTakenThoughSegmentsAreAddedBetweenItsListings) {
  append_records(log_, 3);
  rotate_before(safeatomic::test::OpKind::list);
  expect_snapshots();
}

TEST_F(ReaderSnapshotOfABusyStore, HasTheWholeOfASegmentThatWasSealedSinceItWasPinned) {
  must(log_.close());
  log_ = store_.open({.write_path = WritePath::append});  // whose files are as long as their records
  append_records(log_, 3);
  // Before each second look at a name: the first is at the last segment, the next at what may lie behind it.
  files_.set_hook(
      [this, looks = 0](const safeatomic::test::FsOp& op) mutable -> std::optional<safeatomic::test::Fault> {
        if (op.kind == safeatomic::test::OpKind::info_of && ++looks % 2 == 0 && log_.active_segment() <= 100) {
          append_records(log_, 1);
          must(log_.rotate());
          append_records(log_, 1);
        }
        return std::nullopt;
      });
  expect_snapshots();
}

TEST_F(ReaderSnapshotOfABusyStore, IsTakenThoughSegmentsAreAddedWhileTheyAreInspected) {
  append_records(log_, 3);
  rotate_before(safeatomic::test::OpKind::info_of);
  expect_snapshots();
}

TEST_F(ReaderSnapshotOfABusyStore, IsTakenThoughSegmentsAreAddedWhileTheyAreOpened) {
  append_records(log_, 3);
  rotate_before(safeatomic::test::OpKind::open_file);
  expect_snapshots();
}

TEST_F(ReaderSnapshotOfABusyStore, HoldsNoTwoFilesThatWereNeverCurrentTogether) {
  // Both segments are replaced by others with the next generation's content between any two listings, as often as looked.
  int generation = 0;
  const auto replace = [&] {
    ++generation;
    for (std::uint32_t id = 2; id >= 1; --id) {
      write_file(store_ / "new", raw_frame(id, "generation " + std::to_string(generation)));
      std::filesystem::rename(store_ / "new", store_.segment(id));
    }
  };
  must(log_.close());
  store_.clear();
  replace();
  int listings = 0;
  files_.set_hook([&](const safeatomic::test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind == safeatomic::test::OpKind::open_file && op.path.ends_with("2.dwal") && ++listings <= 5) replace();
    return std::nullopt;
  });
  const Reading reading = read(must(RecordLogReader::open(store_.path(), {.file_system = &files_})));
  ASSERT_EQ(reading.records.size(), 2U);
  EXPECT_EQ(reading.records[0].payload, reading.records[1].payload);
}

// A compaction drops what a newer segment supersedes: who sees its result must see that segment.
class ReaderSnapshotBesideACompaction : public ReaderSnapshotOfABusyStore {
 protected:
  ReaderSnapshotBesideACompaction() { must(log_.close()); }

  // Before the n-th operation of the reader: a rotation, the superseding record, a compaction of the first segment.
  std::vector<std::uint64_t> txids_seen_if_compacted_before(int nth, bool& is_done) {
    int operations = 0;
    files_.set_hook([&, nth](const safeatomic::test::FsOp&) -> std::optional<safeatomic::test::Fault> {
      if (++operations != nth) return std::nullopt;
      is_done = true;
      store_.put(3, raw_frame(4, "superseding"));
      write_file(store_ / "new", raw_frame(2, "kept"));
      std::filesystem::rename(store_ / "new", store_.segment(1));
      return std::nullopt;
    });
    const RecordLogReader reader = must(RecordLogReader::open(store_.path(), {.file_system = &files_}));
    files_.set_hook(nullptr);
    return read(reader).txids();
  }
};

TEST_F(ReaderSnapshotBesideACompaction, HoldsTheOldSegmentOrWhatSupersedesIt) {
  bool is_done = true;
  for (int nth = 1; is_done; ++nth) {
    SCOPED_TRACE(nth);
    store_.clear();
    store_.put(1, raw_frame(1, "superseded") + raw_frame(2, "kept"));
    store_.put(2, raw_frame(3, "active"));
    is_done = false;
    EXPECT_THAT(txids_seen_if_compacted_before(nth, is_done),
                testing::AnyOf(ElementsAre(1U, 2U, 3U), ElementsAre(2U, 3U, 4U)));
    ASSERT_LT(nth, 100);
  }
}

TEST_F(ReaderSnapshotOfABusyStore, GivesUpWhereNoInstantCanBeCaught) {
  must(log_.close());
  files_.set_hook([&](const safeatomic::test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind != safeatomic::test::OpKind::list) return std::nullopt;
    write_file(store_ / "new", raw_frame(1, "again"));
    std::filesystem::rename(store_ / "new", store_.segment(1));
    return std::nullopt;
  });
  EXPECT_TRUE(refused(RecordLogReader::open(store_.path(), {.file_system = &files_}), Errc::snapshot_expired));
}

// More segments than a snapshot keeps open.

TEST_F(ReaderSnapshot, NeedsFewDescriptorsForManySegments) {
  put_segments(300);
  in_child([&] {
    const rlimit limit{.rlim_cur = 64 + 128, .rlim_max = 64 + 128};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    RecordLogReader reader = open();
    EXPECT_EQ(read(reader).txids(), txids_up_to(300));
    EXPECT_FALSE(must(reader.refresh()));
    EXPECT_EQ(read(reader).txids(), txids_up_to(300));
  });
}

TEST_F(ReaderSnapshot, OfTwoThousandSegmentsFitsTheUsualLimitOfDescriptors) {
  put_segments(2000);
  in_child([&] {
    const rlimit limit{.rlim_cur = 1024, .rlim_max = 1024};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    RecordLogReader reader = open();
    EXPECT_EQ(read(reader).txids(), txids_up_to(2000));
    RecordLog log = store_.open();  // writing needs no more of them
    EXPECT_EQ(log.last_txid(), 2000U);
    EXPECT_EQ(read(log.records()).records.size(), 2000U);
    append_records(log, 1);
    EXPECT_TRUE(must(reader.refresh()));
    EXPECT_EQ(read(reader).txids(), txids_up_to(2001));
  });
}

TEST_F(ReaderSnapshot, ExpiresWhereASegmentThatWasNotKeptOpenIsReplaced) {
  put_segments(300);
  const RecordLogReader reader = open();
  write_file(store_ / "new", raw_frame(5, "RECORD"));
  std::filesystem::rename(store_ / "new", store_.segment(5));
  RecordCursor cursor = reader.records();
  const Reading reading = rest_of(cursor);
  EXPECT_EQ(reading.txids(), txids_up_to(4));
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->code, Errc::snapshot_expired);
  EXPECT_EQ(reading.error->segment, 5U);
  EXPECT_TRUE(refused(cursor.next(), Errc::snapshot_expired));
}

TEST_F(ReaderSnapshot, ExpiresWhereASegmentThatWasNotKeptOpenIsRemoved) {
  put_segments(300);
  RecordLogReader reader = open();
  std::filesystem::remove(store_.segment(1));
  EXPECT_TRUE(refused(reader.records().next(), Errc::snapshot_expired));
  must(reader.refresh());
  EXPECT_EQ(read(reader).records.size(), 299U);
}

}  // namespace
}  // namespace datawal::test
