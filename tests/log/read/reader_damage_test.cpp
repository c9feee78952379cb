#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>

#include "log/reader_support.hpp"
#include "log/recovery_table.hpp"

namespace datawal::test {
namespace {

class ReaderDamage : public testing::Test {
 protected:
  [[nodiscard]] RecordLogReader open() const { return must(RecordLogReader::open(store_.path())); }

  Store store_;
};

void expect_outcome(const Reading& reading, Outcome wanted) {
  EXPECT_EQ(reading.txids(), txids_up_to(2)) << "what stands before the stop";
  EXPECT_EQ(reading.report.tail_truncated, wanted == Outcome::torn);
  const bool is_error = wanted == Outcome::corrupt || wanted == Outcome::unsupported;
  ASSERT_EQ(reading.error.has_value(), is_error);
  if (!is_error) return;
  EXPECT_EQ(reading.error->code, wanted == Outcome::corrupt ? Errc::corruption : Errc::unsupported_version);
  EXPECT_EQ(reading.error->segment, 1U);
  EXPECT_EQ(reading.error->offset, raw_frame(1, "one").size() + raw_frame(2, "two").size());
}

const std::string two_records = raw_frame(1, "one") + raw_frame(2, "two");

TEST_F(ReaderDamage, OfTheActiveSegmentIsJudgedAsRecoveryWouldJudgeIt) {
  for (const Tail& tail : tails()) {
    SCOPED_TRACE(tail.name);
    store_.put(1, two_records + tail.bytes);
    expect_outcome(read(open()), row_of(tail.stop).active);
  }
}

TEST_F(ReaderDamage, AboveAWatermarkIsJudgedAsRecoveryWouldJudgeIt) {
  for (const Tail& tail : tails()) {
    SCOPED_TRACE(tail.name);
    store_.put(1, two_records + tail.bytes);
    store_.put_watermark(1, two_records.size(), 2);
    expect_outcome(read(open()), row_of(tail.stop).active_at_watermark);
  }
}

TEST_F(ReaderDamage, OfASealedSegmentEndsTheLogThere) {
  for (const Tail& tail : tails()) {
    if (row_of(tail.stop).sealed == Outcome::clean) continue;
    SCOPED_TRACE(tail.name);
    store_.put(1, two_records + tail.bytes);
    store_.put(2, raw_frame(3, "three"));
    expect_outcome(read(open()), row_of(tail.stop).sealed);
  }
}

TEST_F(ReaderDamage, IsToldAgainByEveryFurtherCall) {
  store_.put(1, two_records + std::string(64, 'x'));
  const RecordLogReader reader = open();
  RecordCursor cursor = reader.records();
  const Error first = rest_of(cursor).error.value();
  for (int n = 0; n < 3; ++n) {
    const Result<std::optional<RecordView>> again = cursor.next();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().message(), first.message());
  }
  EXPECT_EQ(cursor.report().mid_stream_errors, 1U);
}

TEST_F(ReaderDamage, IsCountedInTheReport) {
  store_.put(1, two_records + from_hex("4457414c 0200") + std::string(64, '\0'));
  EXPECT_EQ(read(open()).report.unsupported_versions, 1U);
  EXPECT_EQ(read(open()).report.mid_stream_errors, 0U);
}

TEST_F(ReaderDamage, OfATornTailIsMeasured) {
  store_.put(1, two_records + raw_frame(3, "torn").substr(0, 25) + raw_frame(4, "beyond") + std::string(50, '\0'));
  const Reading reading = read(open());
  EXPECT_EQ(reading.error, std::nullopt);
  EXPECT_TRUE(reading.report.tail_truncated);
  EXPECT_EQ(reading.report.tail_bytes_discarded, 25 + raw_frame(4, "beyond").size());
  EXPECT_EQ(reading.report.records_beyond_tear, 1U);
  EXPECT_EQ(reading.report.preallocated_bytes, 50U);
}

// What a sync has covered is promised, and a writer that lives changes nothing about that.

class ReaderDamageBelowTheWatermark : public ReaderDamage {
 protected:
  void SetUp() override { must(log_.append("one")), must(log_.append("two", {.sync = true})); }

  void expect_damage() const {
    const Reading reading = read(open());
    ASSERT_TRUE(reading.error);
    EXPECT_EQ(reading.error->code, Errc::corruption);
    EXPECT_EQ(reading.error->offset, raw_frame(1, "one").size());
    EXPECT_EQ(reading.txids(), txids_up_to(1));
  }

  RecordLog log_ = store_.open();
};

TEST_F(ReaderDamageBelowTheWatermark, IsDamageBesideALiveWriter) {
  damage(store_.segment(1), two_records.size() - 1);
  ASSERT_TRUE(must(open().writer_lives()));
  expect_damage();
}

TEST_F(ReaderDamageBelowTheWatermark, IsDamageBesideALiveWriterIfTheFileEndsThere) {
  std::filesystem::resize_file(store_.segment(1), raw_frame(1, "one").size());
  ASSERT_TRUE(must(open().writer_lives()));
  expect_damage();
}

TEST_F(ReaderDamageBelowTheWatermark, IsDamageBesideALiveWriterIfOnlyZerosFollow) {
  overwrite(store_.segment(1), raw_frame(1, "one").size(), std::string(raw_frame(2, "two").size(), '\0'));
  ASSERT_TRUE(must(open().writer_lives()));
  expect_damage();
}

TEST_F(ReaderDamageBelowTheWatermark, IsDamageWithoutAWriter) {
  must(log_.close());
  std::filesystem::resize_file(store_.segment(1), two_records.size() - 1);
  expect_damage();
}

TEST_F(ReaderDamageBelowTheWatermark, IsDamageIfTheNewestSegmentIsMissing) {
  must(log_.rotate());
  must(log_.append("three", {.sync = true}));
  must(log_.close());
  std::filesystem::remove(store_.segment(2));
  const Reading reading = read(open());
  EXPECT_EQ(reading.txids(), txids_up_to(2));
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->code, Errc::corruption);
  EXPECT_EQ(reading.error->segment, 2U);
}

TEST_F(ReaderDamageBelowTheWatermark, IsDamageIfEverySegmentIsMissing) {
  must(log_.close());
  std::filesystem::remove(store_.segment(1));
  const Reading reading = read(open());
  EXPECT_TRUE(reading.records.empty());
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->code, Errc::corruption);
}

TEST_F(ReaderDamageBelowTheWatermark, IsToldAgainAndCountedIfEverySegmentIsMissing) {
  must(log_.close());
  std::filesystem::remove(store_.segment(1));
  const RecordLogReader reader = open();
  RecordCursor cursor = reader.records();
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(refused(cursor.next(), Errc::corruption));
  EXPECT_EQ(cursor.report().mid_stream_errors, 1U);
}

TEST_F(ReaderDamageBelowTheWatermark, IsSeenByAReaderThatResumesBehindTheWatermarksStart) {
  const RecordRef first = read(open()).records.front().ref;
  damage(store_.segment(1), two_records.size() - 1);
  const Reading reading = read(open().records_after(first));
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->code, Errc::corruption);
}

}  // namespace
}  // namespace datawal::test
