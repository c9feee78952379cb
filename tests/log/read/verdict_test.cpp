// Every way to stop, in both columns of the table, below, at and without a watermark.

#include "log/read/verdict.hpp"

#include <gtest/gtest.h>

#include "log/recovery_table.hpp"
#include "support/printing.hpp"

namespace datawal {
namespace {

using format::Stop;
using test::Outcome;

log::Verdict verdict_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::clean: return log::Verdict::keep;
    case Outcome::torn: return log::Verdict::cut_tail;
    case Outcome::corrupt: return log::Verdict::refuse;
    case Outcome::unsupported: return log::Verdict::unsupported_version;
  }
  throw std::logic_error("unknown outcome");
}

TEST(Verdict, HasOneRowForEachWayToStop) {
  std::size_t count = 0;
  for (int stop = int{static_cast<std::uint8_t>(Stop::none)} + 1; stop <= static_cast<int>(Stop::txid_order); ++stop) {
    EXPECT_EQ(test::row_of(static_cast<Stop>(stop)).stop, static_cast<Stop>(stop));
    ++count;
  }
  EXPECT_EQ(test::recovery_table().size(), count);
}

TEST(Verdict, IsThatOfTheTable) {
  for (const test::TableRow& row : test::recovery_table()) {
    SCOPED_TRACE(format::describe(row.stop));
    EXPECT_EQ(judge(log::SegmentRole::active, row.stop, log::Promise::none), verdict_of(row.active));
    EXPECT_EQ(judge(log::SegmentRole::active, row.stop, log::Promise::kept), verdict_of(row.active_at_watermark));
    EXPECT_EQ(judge(log::SegmentRole::sealed, row.stop, log::Promise::none), verdict_of(row.sealed));
    EXPECT_EQ(judge(log::SegmentRole::sealed, row.stop, log::Promise::kept), verdict_of(row.sealed))
        << "a watermark excuses nothing in a sealed segment";
  }
}

TEST(Verdict, BelowAWatermarkIsRefusalWhateverTheStop) {
  for (const test::TableRow& row : test::recovery_table()) {
    SCOPED_TRACE(format::describe(row.stop));
    // What a newer program wrote is not damage: it is refused too, but nobody is told to repair it.
    const log::Verdict wanted = row.stop == Stop::unknown_version ? log::Verdict::unsupported_version
                                                                  : log::Verdict::refuse;
    EXPECT_EQ(judge(log::SegmentRole::active, row.stop, log::Promise::broken), wanted);
    EXPECT_EQ(judge(log::SegmentRole::sealed, row.stop, log::Promise::broken), wanted);
  }
}

TEST(Verdict, IsKnownAtCompileTime) {
  static_assert(judge(log::SegmentRole::active, Stop::crc_mismatch, log::Promise::none) == log::Verdict::cut_tail);
  static_assert(judge(log::SegmentRole::sealed, Stop::crc_mismatch, log::Promise::none) == log::Verdict::refuse);
}

TEST(Verdict, OfNoStopAtAllKeeps) {
  EXPECT_EQ(judge(log::SegmentRole::active, Stop::none, log::Promise::none), log::Verdict::keep);
  EXPECT_EQ(judge(log::SegmentRole::sealed, Stop::none, log::Promise::none), log::Verdict::keep);
}

constexpr std::uint64_t inode = 4711;

format::Watermark mark(std::uint32_t segment, std::uint64_t offset, std::uint64_t txid) {
  return {.segment = segment, .inode = inode, .offset = offset, .txid = txid};
}

TEST(WatermarkCheck, WithoutAWatermarkSaysNothing) {
  log::WatermarkCheck check(std::nullopt, 3, inode);
  EXPECT_EQ(check.at_stop(0), log::Promise::none);
  EXPECT_EQ(check.state(), WatermarkState::absent);
  EXPECT_EQ(check.proven_end(), 0U);
}

TEST(WatermarkCheck, OfALaterSegmentIsBroken) {
  log::WatermarkCheck check(mark(4, 0, 9), 3, inode);
  EXPECT_EQ(check.at_stop(1'000'000), log::Promise::broken);
  EXPECT_TRUE(check.segments_are_missing());
}

TEST(WatermarkCheck, OfAnEarlierSegmentOrAnotherFileSaysNothing) {
  log::WatermarkCheck earlier(mark(2, 100, 9), 3, inode);
  EXPECT_EQ(earlier.at_stop(0), log::Promise::none);
  EXPECT_EQ(earlier.state(), WatermarkState::elsewhere);
  log::WatermarkCheck copied(mark(3, 100, 9), 3, inode + 1);
  EXPECT_EQ(copied.at_stop(0), log::Promise::none);
  EXPECT_EQ(copied.state(), WatermarkState::elsewhere);
  EXPECT_EQ(copied.proven_txid(), 0U);
}

TEST(WatermarkCheck, AtARecordsEndWithItsTxidIsKept) {
  log::WatermarkCheck check(mark(3, 200, 9), 3, inode);
  check.met(100, 8);
  check.met(200, 9);
  check.met(300, 10);
  EXPECT_EQ(check.at_stop(300), log::Promise::kept);
  EXPECT_EQ(check.proven_end(), 200U);
  EXPECT_EQ(check.proven_txid(), 9U);
}

TEST(WatermarkCheck, AtZeroIsKeptByTheEmptyPrefix) {
  log::WatermarkCheck check(mark(3, 0, 41), 3, inode);
  EXPECT_EQ(check.at_stop(0), log::Promise::kept);
  EXPECT_EQ(check.proven_end(), 0U);
  EXPECT_EQ(check.proven_txid(), 41U);
}

TEST(WatermarkCheck, BeyondTheValidPrefixIsBroken) {
  log::WatermarkCheck check(mark(3, 200, 9), 3, inode);
  check.met(100, 8);
  EXPECT_EQ(check.at_stop(100), log::Promise::broken);
  EXPECT_FALSE(check.segments_are_missing());
}

TEST(WatermarkCheck, ThatFitsNoRecordAndMissesNoneIsIgnored) {
  log::WatermarkCheck inside(mark(3, 150, 8), 3, inode);
  inside.met(100, 8);
  inside.met(200, 9);
  EXPECT_EQ(inside.at_stop(200), log::Promise::none);
  EXPECT_EQ(inside.state(), WatermarkState::ignored);
  EXPECT_EQ(inside.proven_end(), 0U) << "then nothing is proven";

  log::WatermarkCheck other_txid(mark(3, 200, 8), 3, inode);
  other_txid.met(100, 8);
  other_txid.met(200, 9);
  EXPECT_EQ(other_txid.at_stop(200), log::Promise::none);
  EXPECT_EQ(other_txid.state(), WatermarkState::ignored);
}

}  // namespace
}  // namespace datawal
