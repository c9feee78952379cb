#include <gmock/gmock.h>

#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReaderResume : public testing::Test {
 protected:
  [[nodiscard]] RecordLogReader open() const { return must(RecordLogReader::open(store_.path())); }

  // Two segments of three records each.
  void put_two_segments() const {
    store_.put(1, raw_frame(1, "one") + raw_frame(2, "two") + raw_frame(3, "three"));
    store_.put(2, raw_frame(4, "four") + raw_frame(5, "five") + raw_frame(6, "six"));
  }

  // Every record of the store, each with its place.
  [[nodiscard]] std::vector<Record> all() const { return read(open()).records; }

  Store store_;
};

testing::AssertionResult is_expired(RecordCursor cursor) {
  const testing::AssertionResult first = refused(cursor.next(), Errc::place_lost);
  return first ? refused(cursor.next(), Errc::place_lost) : first;
}

TEST_F(ReaderResume, AfterARecordReturnsWhatStandsBehindIt) {
  put_two_segments();
  const RecordLogReader reader = open();
  for (const Record& record : all()) {
    std::vector<std::uint64_t> expected;
    for (std::uint64_t txid = record.txid + 1; txid <= 6; ++txid) expected.push_back(txid);
    EXPECT_EQ(read(reader.records_after(record.ref)).txids(), expected);
  }
}

TEST_F(ReaderResume, FromARecordBeginsWithIt) {
  put_two_segments();
  const RecordLogReader reader = open();
  for (const Record& record : all()) {
    std::vector<std::uint64_t> expected;
    for (std::uint64_t txid = record.txid; txid <= 6; ++txid) expected.push_back(txid);
    EXPECT_EQ(read(reader.records_from(record.ref.segment, record.ref.offset)).txids(), expected);
  }
}

TEST_F(ReaderResume, FromTheEndOfASegmentGoesOnInTheNextOne) {
  put_two_segments();
  EXPECT_EQ(read(open().records_from(1, store_.get(1).size())).txids(), (std::vector<std::uint64_t>{4, 5, 6}));
  EXPECT_THAT(read(open().records_from(2, store_.get(2).size())).txids(), IsEmpty());
}

TEST_F(ReaderResume, AfterARecordWhosePlaceAndTxidAnotherHasNowIsExpired) {
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "pay Bob"));
  const RecordRef bobs = all().back().ref;
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "pay Eve"));
  EXPECT_TRUE(is_expired(open().records_after(bobs)));
}

TEST_F(ReaderResume, FromAnUnknownSegmentIsExpired) {
  put_two_segments();
  EXPECT_TRUE(is_expired(open().records_from(3, 0)));
}

TEST_F(ReaderResume, GoesOnThroughARefreshWithoutALossOrARepetition) {
  RecordLog log = store_.open();
  RecordLogReader reader = open();
  append_records(log, 1);
  must(reader.refresh());
  Record last = read(reader).records.back();
  std::vector<std::uint64_t> seen{last.txid};
  for (int round = 0; round < 20; ++round) {
    append_records(log, round % 3);
    if (round % 4 == 0) must(log.rotate());
    must(reader.refresh());
    for (const Record& record : read(reader.records_after(last.ref)).records) {
      seen.push_back(record.txid);
      last = record;
    }
  }
  EXPECT_EQ(seen, txids_up_to(log.last_txid()));
}

TEST_F(ReaderResume, IsExpiredWhenTheLastRecordWasCut) {
  put_two_segments();
  const RecordRef last = all().back().ref;
  std::filesystem::resize_file(store_.segment(2), last.offset);
  EXPECT_TRUE(is_expired(open().records_after(last)));
}

TEST_F(ReaderResume, IsExpiredWhenTheLastRecordWasCutInTheMiddle) {
  put_two_segments();
  const RecordRef last = all().back().ref;
  for (std::uint64_t size = last.offset + 1; size < last.offset + last.len; ++size) {
    put_two_segments();
    std::filesystem::resize_file(store_.segment(2), size);
    EXPECT_TRUE(is_expired(open().records_after(last))) << size;
  }
}

TEST_F(ReaderResume, IsExpiredWhenAnotherRecordStandsInItsPlace) {
  put_two_segments();
  const RecordRef last = all().back().ref;
  overwrite(store_.segment(2), last.offset, raw_frame(7, "six"));
  EXPECT_TRUE(is_expired(open().records_after(last))) << "another txid";
  overwrite(store_.segment(2), last.offset, raw_frame(6, "six and more"));
  EXPECT_TRUE(is_expired(open().records_after(last))) << "another length";
}

TEST_F(ReaderResume, IsExpiredWhenTheSnapshotItselfIsOlderThanTheCut) {
  put_two_segments();
  const RecordRef last = all().back().ref;
  const RecordLogReader reader = open();
  std::filesystem::resize_file(store_.segment(2), last.offset);
  EXPECT_TRUE(is_expired(reader.records_after(last)));
}

TEST_F(ReaderResume, IsExpiredWhenTheSegmentIsGone) {
  put_two_segments();
  const RecordRef first = all().front().ref;
  std::filesystem::remove(store_.segment(1));
  EXPECT_TRUE(is_expired(open().records_after(first)));
}

TEST_F(ReaderResume, IsExpiredWhenASegmentThatWasNotKeptOpenIsReplaced) {
  for (std::uint32_t id = 1; id <= 300; ++id) store_.put(id, raw_frame(id, "record"));
  const RecordRef second = all()[1].ref;
  const RecordLogReader reader = open();
  write_file(store_ / "new", raw_frame(2, "record"));
  std::filesystem::rename(store_ / "new", store_.segment(2));
  EXPECT_TRUE(refused(reader.records_after(second).next(), Errc::snapshot_expired));
}

TEST_F(ReaderResume, GoesOnWhereTheSegmentWasReplacedByTheSameRecords) {
  put_two_segments();
  const RecordRef fifth = all()[4].ref;
  RecordLogReader reader = open();
  write_file(store_ / "new", store_.get(2));
  std::filesystem::rename(store_ / "new", store_.segment(2));
  must(reader.refresh());
  EXPECT_THAT(read(reader.records_after(fifth)).txids(), ElementsAre(6U));
}

TEST_F(ReaderResume, GoesOnBehindATearThatWasCut) {
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "torn").substr(0, 30));
  RecordLogReader reader = open();
  const RecordRef first = read(reader).records.back().ref;
  RecordLog log = store_.open();
  append_records(log, 2);
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_THAT(read(reader.records_after(first)).payloads(), ElementsAre("record 2", "record 3"));
}

}  // namespace
}  // namespace datawal::test
