// Every way to stop, in both columns of the table, below, at and without a watermark.

#include "log/read/verdict.hpp"

#include <gtest/gtest.h>

#include "log/recovery_table.hpp"
#include "support/printing.hpp"

namespace datawal {
namespace {

using format::Stop;
using test::Outcome;

Verdict verdict_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::clean: return Verdict::keep;
    case Outcome::torn: return Verdict::cut_tail;
    case Outcome::corrupt: return Verdict::refuse;
    case Outcome::unsupported: return Verdict::unsupported_version;
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
    EXPECT_EQ(judge(SegmentRole::active, row.stop, Promise::none), verdict_of(row.active));
    EXPECT_EQ(judge(SegmentRole::active, row.stop, Promise::kept), verdict_of(row.active_at_watermark));
    EXPECT_EQ(judge(SegmentRole::sealed, row.stop, Promise::none), verdict_of(row.sealed));
    EXPECT_EQ(judge(SegmentRole::sealed, row.stop, Promise::kept), verdict_of(row.sealed))
        << "a watermark excuses nothing in a sealed segment";
  }
}

TEST(Verdict, BelowAWatermarkIsRefusalWhateverTheStop) {
  for (const test::TableRow& row : test::recovery_table()) {
    SCOPED_TRACE(format::describe(row.stop));
    // What a newer program wrote is not damage: it is refused too, but nobody is told to repair it.
    const Verdict wanted = row.stop == Stop::unknown_version ? Verdict::unsupported_version : Verdict::refuse;
    EXPECT_EQ(judge(SegmentRole::active, row.stop, Promise::broken), wanted);
    EXPECT_EQ(judge(SegmentRole::sealed, row.stop, Promise::broken), wanted);
  }
}

TEST(Verdict, IsKnownAtCompileTime) {
  static_assert(judge(SegmentRole::active, Stop::crc_mismatch, Promise::none) == Verdict::cut_tail);
  static_assert(judge(SegmentRole::sealed, Stop::crc_mismatch, Promise::none) == Verdict::refuse);
}

TEST(Verdict, OfNoStopAtAllKeeps) {
  EXPECT_EQ(judge(SegmentRole::active, Stop::none, Promise::none), Verdict::keep);
  EXPECT_EQ(judge(SegmentRole::sealed, Stop::none, Promise::none), Verdict::keep);
}

constexpr std::uint64_t inode = 4711;

format::Watermark mark(std::uint32_t segment, std::uint64_t offset, std::uint64_t txid) {
  return {.segment = segment, .inode = inode, .offset = offset, .txid = txid};
}

TEST(WatermarkCheck, WithoutAWatermarkSaysNothing) {
  WatermarkCheck check(std::nullopt, 3, inode);
  EXPECT_EQ(check.at_stop(0), Promise::none);
  EXPECT_EQ(check.state(), WatermarkState::absent);
  EXPECT_EQ(check.proven_end(), 0U);
}

TEST(WatermarkCheck, OfALaterSegmentIsBroken) {
  WatermarkCheck check(mark(4, 0, 9), 3, inode);
  EXPECT_EQ(check.at_stop(1'000'000), Promise::broken);
  EXPECT_TRUE(check.segments_are_missing());
}

TEST(WatermarkCheck, OfAnEarlierSegmentOrAnotherFileSaysNothing) {
  WatermarkCheck earlier(mark(2, 100, 9), 3, inode);
  EXPECT_EQ(earlier.at_stop(0), Promise::none);
  EXPECT_EQ(earlier.state(), WatermarkState::elsewhere);
  WatermarkCheck copied(mark(3, 100, 9), 3, inode + 1);
  EXPECT_EQ(copied.at_stop(0), Promise::none);
  EXPECT_EQ(copied.state(), WatermarkState::elsewhere);
  EXPECT_EQ(copied.proven_txid(), 0U);
}

TEST(WatermarkCheck, AtARecordsEndWithItsTxidIsKept) {
  WatermarkCheck check(mark(3, 200, 9), 3, inode);
  check.met(100, 8);
  check.met(200, 9);
  check.met(300, 10);
  EXPECT_EQ(check.at_stop(300), Promise::kept);
  EXPECT_EQ(check.proven_end(), 200U);
  EXPECT_EQ(check.proven_txid(), 9U);
}

TEST(WatermarkCheck, AtZeroIsKeptByTheEmptyPrefix) {
  WatermarkCheck check(mark(3, 0, 41), 3, inode);
  EXPECT_EQ(check.at_stop(0), Promise::kept);
  EXPECT_EQ(check.proven_end(), 0U);
  EXPECT_EQ(check.proven_txid(), 41U);
}

TEST(WatermarkCheck, BeyondTheValidPrefixIsBroken) {
  WatermarkCheck check(mark(3, 200, 9), 3, inode);
  check.met(100, 8);
  EXPECT_EQ(check.at_stop(100), Promise::broken);
  EXPECT_FALSE(check.segments_are_missing());
}

TEST(WatermarkCheck, ThatFitsNoRecordAndMissesNoneIsIgnored) {
  WatermarkCheck inside(mark(3, 150, 8), 3, inode);
  inside.met(100, 8);
  inside.met(200, 9);
  EXPECT_EQ(inside.at_stop(200), Promise::none);
  EXPECT_EQ(inside.state(), WatermarkState::ignored);
  EXPECT_EQ(inside.proven_end(), 0U) << "then nothing is proven";

  WatermarkCheck other_txid(mark(3, 200, 8), 3, inode);
  other_txid.met(100, 8);
  other_txid.met(200, 9);
  EXPECT_EQ(other_txid.at_stop(200), Promise::none);
  EXPECT_EQ(other_txid.state(), WatermarkState::ignored);
}

}  // namespace
}  // namespace datawal
