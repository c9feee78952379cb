// What verify reports of a store, and that it leaves it alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>
#include <datawal/verify.hpp>

#include "log/operation_trace.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

using testing::IsEmpty;

const std::string one = test::raw_frame(1, "one");
const std::string two = test::raw_frame(2, "two");

class Verify : public testing::Test {
 protected:
  VerifyReport run() {
    const test::Image before = store_.image();
    VerifyReport report = test::must(verify(store_.path()));
    EXPECT_TRUE(store_.image() == before);
    return report;
  }

  test::Store store_;
};

TEST_F(Verify, OfASoundStoreIsClean) {
  store_.put(1, one);
  store_.put(2, two);
  store_.put_watermark(2, 31, 2);
  const VerifyReport report = run();
  EXPECT_TRUE(report.is_clean());
  EXPECT_EQ(report.frames_checked, 2U);
  EXPECT_EQ(report.crc_failures, 0U);
  EXPECT_EQ(report.last_segment, 2U);
  EXPECT_EQ(report.last_offset, 31U);
  EXPECT_EQ(report.watermark, WatermarkState::kept);
  EXPECT_THAT(report.gaps, IsEmpty());
  EXPECT_FALSE(report.damage);
  EXPECT_EQ(report.recovery.files_scanned, 2U);
}

TEST_F(Verify, OfAnEmptyDirectoryIsClean) {
  const VerifyReport report = run();
  EXPECT_TRUE(report.is_clean());
  EXPECT_EQ(report.frames_checked, 0U);
  EXPECT_EQ(report.last_segment, 0U);
}

TEST_F(Verify, TellsATearFromDamage) {
  store_.put(1, one + two.substr(0, 30));
  const VerifyReport torn = run();
  EXPECT_FALSE(torn.is_clean());
  EXPECT_FALSE(torn.damage);
  EXPECT_TRUE(torn.recovery.tail_truncated);
  EXPECT_EQ(torn.recovery.tail_bytes_discarded, 30U);
  EXPECT_EQ(torn.last_offset, 31U);

  store_.put_watermark(1, 62, 2);
  const VerifyReport damaged = run();
  ASSERT_TRUE(damaged.damage);
  EXPECT_EQ(damaged.damage->code, Errc::corruption);
  EXPECT_EQ(damaged.damage->offset, 31U);
  EXPECT_EQ(damaged.watermark, WatermarkState::broken);
  EXPECT_FALSE(damaged.recovery.tail_truncated);
}

TEST_F(Verify, CountsAWrongChecksum) {
  std::string wrong = two;
  wrong.back() = static_cast<char>(~wrong.back());
  store_.put(1, one + wrong + wrong);
  EXPECT_EQ(run().crc_failures, 1U) << "torn, at the end of the log";
  store_.put(2, "");
  const VerifyReport report = run();
  EXPECT_EQ(report.crc_failures, 1U);
  ASSERT_TRUE(report.damage);
  EXPECT_EQ(report.damage->segment, 1U);
}

TEST_F(Verify, ListsTheGaps) {
  store_.put(3, test::raw_frame(5, "") + test::raw_frame(6, "") + test::raw_frame(9, ""));
  store_.put(4, test::raw_frame(20, ""));
  const VerifyReport report = run();
  EXPECT_TRUE(report.is_clean()) << "gaps are what compaction leaves";
  ASSERT_EQ(report.gaps.size(), 2U);
  EXPECT_EQ(report.recovery.txid_gaps, 2U);
  EXPECT_EQ(report.gaps[0].segment, 3U);
  EXPECT_EQ(report.gaps[0].offset, 56U);
  EXPECT_EQ(report.gaps[0].expected, 7U);
  EXPECT_EQ(report.gaps[0].found, 9U);
  EXPECT_EQ(report.gaps[1].segment, 4U);
  EXPECT_EQ(report.gaps[1].offset, 0U);
  EXPECT_FALSE(report.out_of_order);
}

TEST_F(Verify, NoticesSwappedSegments) {
  store_.put(1, two);
  store_.put(2, one);
  const VerifyReport report = run();
  EXPECT_TRUE(report.out_of_order);
  EXPECT_FALSE(report.is_clean());
  ASSERT_TRUE(report.damage);
  EXPECT_EQ(report.damage->segment, 2U);
  EXPECT_EQ(report.damage->offset, 0U);
}

TEST_F(Verify, CallsATxidThatGoesBackAboveTheWatermarkATornTail) {
  store_.put(1, one + two + two);
  store_.put_watermark(1, one.size() + two.size(), 2);
  const VerifyReport report = run();
  EXPECT_FALSE(report.damage);
  EXPECT_TRUE(report.recovery.tail_truncated);
  EXPECT_FALSE(report.out_of_order) << "that would be damage";
}

TEST_F(Verify, ListsNoMoreThanAHundredGaps) {
  std::string bytes;
  for (std::uint64_t txid = 1; txid <= 400; txid += 2) bytes += test::raw_frame(txid, "");
  store_.put(1, bytes);
  const VerifyReport report = run();
  EXPECT_EQ(report.gaps.size(), 100U);
  EXPECT_EQ(report.recovery.txid_gaps, 199U);
}

TEST_F(Verify, WorksBesideALiveWriterAndSeesWhatItAppended) {
  RecordLog log = store_.open();
  test::must(log.append("one"));
  const VerifyReport report = run();
  EXPECT_TRUE(report.is_clean());
  EXPECT_EQ(report.frames_checked, 1U);
}

TEST_F(Verify, TellsHowFarItHasCome) {
  store_.put(1, one + two);
  std::vector<Progress> steps;
  test::must(verify(store_.path(), {.on_progress = [&](const Progress& progress) { steps.push_back(progress); }}));
  ASSERT_GE(steps.size(), 2U);
  EXPECT_EQ(steps.front().bytes_done, 0U);
  EXPECT_EQ(steps.back().bytes_done, 62U);
  EXPECT_EQ(steps.back().bytes_total, 62U);
}

TEST_F(Verify, FailsWhereTheStoreCannotBeRead) {
  EXPECT_TRUE(test::refused(verify(store_ / "nowhere"), Errc::not_found));
  store_.put(1, one);
  safeatomic::test::FaultyFileSystem file_system;
  file_system.set_hook(safeatomic::test::fail_every(test::OpKind::read, safeatomic::test::Fault::error(EIO)));
  EXPECT_TRUE(test::refused(verify(store_.path(), {.file_system = &file_system}), Errc::io)) << "that is no damage";
}

}  // namespace
}  // namespace datawal
