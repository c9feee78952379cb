// How far compaction may follow.

#include "ship/floor.hpp"

#include <gtest/gtest.h>

#include <datawal/holds.hpp>
#include <datawal/record_log.hpp>

#include "scratch_directory.hpp"
#include "ship/must.hpp"

namespace datawal::ship {
namespace {

using namespace std::chrono_literals;

class ShipFloor : public testing::Test {
 protected:
  ShipFloor() {
    RecordLog log = must(RecordLog::open(directory_.path()));
    for (int i = 0; i < 100; ++i) must(log.append("record"));
    must(log.close());
    must(ship::set_claim(directory_.path(), claim_, 0));
  }
  // Where the hold stands after it was moved at that instant.
  std::uint64_t moved_at(Floor::Clock::duration after) {
    if (const Outcome<void> done = floor_.move(directory_.path(), start_ + after); !done) return 999;
    return must(holds_of(directory_.path())).front().txid;
  }

  safeatomic::test::ScratchDirectory directory_{safeatomic::test::memory_backed_parent()};
  const Claim claim_ = new_claim("S");
  const Floor::Clock::time_point start_ = Floor::Clock::now();
  Floor floor_{600s};
};

TEST_F(ShipFloor, FollowsWhatWasAcknowledgedLongAgo) {
  floor_.stands_at(claim_, 10, start_);
  floor_.acknowledge(20, start_ + 100s);
  EXPECT_EQ(moved_at(599s), 0U);
  EXPECT_EQ(moved_at(600s), 9U);
  EXPECT_EQ(moved_at(699s), 9U);
  EXPECT_EQ(moved_at(701s), 19U);
}

TEST_F(ShipFloor, OfASecondTheLastOneCountsNotTheFirst) {
  floor_.stands_at(claim_, 0, start_);
  for (int n = 1; n <= 50; ++n) floor_.acknowledge(static_cast<std::uint64_t>(n), start_ + n * 10ms);
  EXPECT_LE(moved_at(600s + 400ms), 0U);
  EXPECT_EQ(moved_at(602s), 49U);
}

TEST_F(ShipFloor, WhatTheStreamLostAgainWaitsOnceMore) {
  floor_.stands_at(claim_, 10, start_);
  floor_.acknowledge(50, start_ + 10s);
  floor_.stands_at(claim_, 20, start_ + 500s);
  floor_.acknowledge(50, start_ + 500s);
  EXPECT_EQ(moved_at(650s), 9U);
  EXPECT_EQ(moved_at(1102s), 49U);
}

}  // namespace
}  // namespace datawal::ship
