#include "log/read/log_end.hpp"

#include <gtest/gtest.h>

namespace datawal::test {
namespace {

log::LogEnd end_at(std::uint64_t offset) { return {.segment = 1, .offset = offset}; }

TEST(LogEnd, IsTheFirstThatIsSettled) {
  log::EndMark mark;
  EXPECT_TRUE(mark.settle(end_at(100), true));
  EXPECT_TRUE(mark.settle(end_at(50), true));
  EXPECT_EQ(mark.get().value().offset, 100U);
  EXPECT_EQ(mark.limit(), 100U);
}

TEST(LogEnd, IsNotSettledBeforeARecordThatIsShown) {
  log::EndMark mark;
  EXPECT_TRUE(mark.admit(50, 100));
  EXPECT_FALSE(mark.settle(end_at(50), true));
  EXPECT_FALSE(mark.get());
  EXPECT_TRUE(mark.settle(end_at(100), true));
  EXPECT_FALSE(mark.admit(100, 150));
  EXPECT_TRUE(mark.admit(50, 150)) << "the first of these frames is shown, those behind the end are not";
}

TEST(LogEnd, IsSettledAnywayWhereWhatWasShownIsGone) {
  log::EndMark mark;
  EXPECT_TRUE(mark.admit(50, 100));
  mark.settle_anyway(end_at(50), true);
  EXPECT_EQ(mark.limit(), 50U);
}

TEST(LogEnd, InAnEarlierSegmentLimitsNothingInTheLast) {
  log::EndMark mark;
  EXPECT_TRUE(mark.settle(end_at(7), false));
  EXPECT_TRUE(mark.admit(50, 100));
}

}  // namespace
}  // namespace datawal::test
