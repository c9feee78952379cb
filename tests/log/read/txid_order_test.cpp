// Txids that do not ascend, within a segment and from one to the next: damage for everybody, like a wrong checksum.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>
#include <datawal/repair.hpp>
#include <datawal/verify.hpp>

#include "log/store_support.hpp"

namespace datawal {
namespace {

std::string frame(std::uint64_t txid) { return test::raw_frame(txid, "record " + std::to_string(txid)); }

class TxidOrder : public testing::Test {
 protected:
  // Everybody shows `before` records, and then damage at the place; repair cuts there.
  void expect_damage_at(std::uint32_t segment, std::uint64_t offset, std::size_t before) {
    expect_damage(verify_it().damage, segment, offset);
    EXPECT_TRUE(verify_it().out_of_order);
    const Result<RecordLog> opened = RecordLog::open(store_.path());
    ASSERT_FALSE(opened);
    expect_damage(opened.error(), segment, offset);
    const RecordLogReader reader = test::must(RecordLogReader::open(store_.path()));
    RecordCursor cursor = reader.records();
    for (std::size_t n = 0; n < before; ++n) EXPECT_TRUE(test::must(cursor.next()));
    const Result<std::optional<RecordView>> next = cursor.next();
    ASSERT_FALSE(next);
    expect_damage(next.error(), segment, offset);
    EXPECT_EQ(cursor.report().mid_stream_errors, 1U);

    const RepairReport report = test::must(repair(store_.path()));
    EXPECT_EQ(report.action, RepairAction::cut);
    EXPECT_EQ(report.segment, segment);
    EXPECT_EQ(report.offset, offset);
    EXPECT_TRUE(verify_it().is_clean());
  }

  static void expect_damage(const std::optional<Error>& error, std::uint32_t segment, std::uint64_t offset) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Errc::corruption);
    EXPECT_EQ(error->segment, segment);
    EXPECT_EQ(error->offset, offset);
  }

  [[nodiscard]] VerifyReport verify_it() const { return test::must(verify(store_.path())); }

  test::Store store_;
};

TEST_F(TxidOrder, IsBrokenByTwoSegmentsInEachOthersPlaces) {
  store_.put(1, frame(3) + frame(4));
  store_.put(2, frame(1) + frame(2));
  store_.put(3, frame(5));
  expect_damage_at(2, 0, 2);
  EXPECT_EQ(store_.open().last_txid(), 5U) << "none of what was cut is given out again";
}

TEST_F(TxidOrder, IsBrokenWithinASealedSegment) {
  store_.put(1, frame(1) + frame(3) + frame(3) + frame(4));
  store_.put(2, frame(5));
  expect_damage_at(1, 2 * frame(1).size(), 2);
}

TEST_F(TxidOrder, IsBrokenInTheActiveSegmentWithoutAWatermark) {
  store_.put(1, frame(1) + frame(2) + frame(1));
  expect_damage_at(1, 2 * frame(1).size(), 2);
}

TEST_F(TxidOrder, IsBrokenFromASealedSegmentToTheActiveOne) {
  store_.put(1, frame(3));
  store_.put(2, frame(3));
  expect_damage_at(2, 0, 1);
}

TEST_F(TxidOrder, IsBrokenByAZero) {
  store_.put(1, frame(0) + frame(1));
  expect_damage_at(1, 0, 0);
}

TEST_F(TxidOrder, BrokenAboveTheWatermarkIsATear) {
  store_.put(1, frame(1) + frame(2) + frame(2));
  store_.put_watermark(1, 2 * frame(1).size(), 2);
  RecordLog log = store_.open();
  EXPECT_TRUE(log.recovery_report().tail_truncated);
  EXPECT_EQ(test::must(log.scan()).size(), 2U);
  EXPECT_EQ(test::must(log.append("next")).txid, 3U);
}

TEST_F(TxidOrder, IsToldWithBothTxids) {
  store_.put(1, frame(7));
  store_.put(2, frame(5));
  EXPECT_THAT(verify_it().damage->message(), testing::HasSubstr("(5 where 8 or more belongs)"));
}

TEST_F(TxidOrder, BreaksNothingWhereNumbersAreLeftOut) {
  store_.put(1, frame(2) + frame(9));
  store_.put(3, frame(100));
  EXPECT_TRUE(verify_it().is_clean());
  EXPECT_EQ(verify_it().txids_missing, 6U + 90U);
  EXPECT_EQ(test::must(store_.open().scan()).size(), 3U);
}

}  // namespace
}  // namespace datawal
