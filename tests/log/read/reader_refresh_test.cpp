#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>

#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using testing::IsEmpty;

class ReaderRefresh : public testing::Test {
 protected:
  [[nodiscard]] RecordLogReader open() const { return must(RecordLogReader::open(store_.path())); }

  Store store_;
};

TEST_F(ReaderRefresh, IsFalseAsLongAsNothingHappens) {
  RecordLog log = store_.open();
  append_records(log, 3);
  RecordLogReader reader = open();
  EXPECT_FALSE(must(reader.refresh()));
  EXPECT_EQ(read(reader).txids(), txids_up_to(3));
  EXPECT_FALSE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, IsTrueOncePerNews) {
  RecordLog log = store_.open();
  RecordLogReader reader = open();
  for (std::uint64_t n = 1; n <= 3; ++n) {
    append_records(log, 1);
    EXPECT_TRUE(must(reader.refresh()));
    EXPECT_FALSE(must(reader.refresh()));
    EXPECT_EQ(read(reader).txids(), txids_up_to(n));
  }
}

TEST_F(ReaderRefresh, CountsARecordInALaterSegment) {
  RecordLog log = store_.open();
  append_records(log, 1);
  RecordLogReader reader = open();
  must(log.rotate());
  append_records(log, 1);
  must(log.rotate());
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(read(reader).txids(), txids_up_to(2));
}

TEST_F(ReaderRefresh, DoesNotCountARotationAlone) {
  RecordLog log = store_.open();
  append_records(log, 1);
  RecordLogReader reader = open();
  must(log.rotate());
  EXPECT_FALSE(must(reader.refresh()));
  EXPECT_EQ(reader.segments().size(), 2U);
}

TEST_F(ReaderRefresh, DoesNotCountSyncingClosingAndOpeningAgain) {
  RecordLog log = store_.open();
  append_records(log, 1);
  RecordLogReader reader = open();
  must(log.fsync());
  EXPECT_FALSE(must(reader.refresh()));
  must(log.close());
  EXPECT_FALSE(must(reader.refresh()));
  log = store_.open();
  EXPECT_FALSE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, DoesNotCountAFirstSegmentWithoutARecord) {
  RecordLogReader reader = open();
  RecordLog log = store_.open();
  EXPECT_FALSE(must(reader.refresh()));
  append_records(log, 1);
  EXPECT_TRUE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, CountsTheFirstRecordOfAStoreThatWasEmpty) {
  RecordLogReader reader = open();
  RecordLog log = store_.open();
  append_records(log, 1);
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_FALSE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, DoesNotCountATornTailThatWasCut) {
  store_.put(1, raw_frame(1, "whole") + raw_frame(2, "torn").substr(0, 20));
  RecordLogReader reader = open();
  EXPECT_TRUE(read(reader).report.tail_truncated);
  RecordLog log = store_.open();
  EXPECT_FALSE(must(reader.refresh()));
  append_records(log, 1);
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(read(reader).txids(), txids_up_to(2));
}

TEST_F(ReaderRefresh, DoesNotCountDamageThatWasThereBefore) {
  store_.put(1, raw_frame(1, "whole") + std::string(100, 'x'));
  RecordLogReader reader = open();
  EXPECT_EQ(read(reader).error.value().code, Errc::corruption);
  EXPECT_FALSE(must(reader.refresh()));
  EXPECT_FALSE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, CountsDamageThatIsNew) {
  store_.put(1, raw_frame(1, "whole"));
  RecordLogReader reader = open();
  store_.put(2, std::string(100, 'x'));
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(read(reader).error.value().segment, 2U);
}

// A reader waits for refresh() to be true: what a cursor did not return must count, whenever it became whole.

TEST_F(ReaderRefresh, CountsAFrameThatWasHalfWrittenWhenTheSnapshotWasTaken) {
  const std::string second = raw_frame(2, "second");
  for (std::size_t cut = 1; cut < second.size(); ++cut) {
    store_.put(1, raw_frame(1, "first") + second.substr(0, cut));
    DirLock writer = must(DirLock::acquire(store_.path()));
    RecordLogReader reader = open();
    ASSERT_EQ(read(reader).txids(), txids_up_to(1)) << cut;
    overwrite(store_.segment(1), raw_frame(1, "first").size() + cut, second.substr(cut));
    EXPECT_TRUE(must(reader.refresh())) << cut;
    EXPECT_EQ(read(reader).txids(), txids_up_to(2)) << cut;
    EXPECT_FALSE(must(reader.refresh())) << cut;
  }
}

TEST_F(ReaderRefresh, CountsAFrameThatWasWrittenOverZeros) {
  const std::string first = raw_frame(1, "first");
  store_.put(1, first + std::string(4096, '\0'));
  DirLock writer = must(DirLock::acquire(store_.path()));
  RecordLogReader reader = open();
  ASSERT_EQ(read(reader).txids(), txids_up_to(1));
  overwrite(store_.segment(1), first.size(), raw_frame(2, "second"));
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(read(reader).txids(), txids_up_to(2));
  EXPECT_FALSE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, CountsWhatACursorThatEndedDidNotReturnThoughItsSnapshotShowsItNow) {
  const std::string first = raw_frame(1, "first");
  store_.put(1, first + std::string(4096, '\0'));
  DirLock writer = must(DirLock::acquire(store_.path()));
  RecordLogReader reader = open();
  RecordCursor ended = reader.records();
  ASSERT_EQ(rest_of(ended).txids(), txids_up_to(1));
  overwrite(store_.segment(1), first.size(), raw_frame(2, "second"));
  EXPECT_EQ(read(reader).txids(), txids_up_to(1)) << "cursors of one snapshot must not disagree about its end";
  EXPECT_TRUE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, CountsAFrameThatWasFinishedAfterACursorHadEndedBeforeIt) {
  const std::string second = raw_frame(2, "second");
  store_.put(1, raw_frame(1, "first") + second.substr(0, 30));
  DirLock writer = must(DirLock::acquire(store_.path()));
  RecordLogReader reader = open();
  ASSERT_EQ(read(reader).txids(), txids_up_to(1));
  overwrite(store_.segment(1), raw_frame(1, "first").size(), second);
  EXPECT_EQ(read(reader).txids(), txids_up_to(1)) << "cursors of one snapshot must not disagree about its end";
  EXPECT_TRUE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, CountsARecordThatReplacedTheLastOne) {
  store_.put(1, raw_frame(1, "first") + raw_frame(2, "second"));
  RecordLogReader reader = open();
  ASSERT_EQ(read(reader).txids(), txids_up_to(2));
  overwrite(store_.segment(1), raw_frame(1, "first").size(), raw_frame(9, "SECOND"));
  EXPECT_TRUE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, IsTrueWhenTheLastSegmentWasRewritten) {
  store_.put(1, raw_frame(1, "first"));
  RecordLogReader reader = open();
  write_file(store_ / "new", raw_frame(1, "FIRST"));
  std::filesystem::rename(store_ / "new", store_.segment(1));
  EXPECT_TRUE(must(reader.refresh()));
}

TEST_F(ReaderRefresh, OfAStoreThatWasEmptiedShowsNothing) {
  store_.put(1, raw_frame(1, "first"));
  RecordLogReader reader = open();
  store_.clear();
  EXPECT_FALSE(must(reader.refresh()));
  EXPECT_THAT(reader.segments(), IsEmpty());
}

}  // namespace
}  // namespace datawal::test
