// The hold follows what the stream has, not what it once acknowledged.

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/holds.hpp>

#include "scratch_directory.hpp"
#include "ship/claim.hpp"
#include "ship/fake_stream.hpp"
#include "ship/ship_fixture.hpp"
#include "ship/takeover.hpp"

namespace datawal::ship {
namespace {

using test::FakeStream;
using test::Servers;
using testing::HasSubstr;

class ShipKept : public testing::Test {
 protected:
  ShipKept() {
    RecordLog log = must(RecordLog::open(dir()));
    for (int i = 0; i < 8; ++i) must(log.append(std::string(100, 'x')));
    must(log.close());
  }
  [[nodiscard]] path dir() const { return directory_.path() / "log"; }
  [[nodiscard]] std::uint64_t held_from() const { return must(holds_of(dir())).front().txid; }
  // Something happens behind the fourth unit, once.
  Outcome<Shipped> ship(const std::function<void()>& happens) {
    FakeStream stream(servers_);
    bool is_done = false;
    ShipOptions with{.dir = dir(), .stream = "S", .unit_bytes = 150, .hold = std::chrono::seconds(0), .once = true};
    with.on_look = [&](const Shipped& shipped) {
      ++looks_;
      EXPECT_TRUE(!is_held_ || held_from() < std::max<std::uint64_t>(shipped.last, 1));
    };
    with.on_unit = [&](const Shipped& shipped) {
      if (shipped.units == 4 && !std::exchange(is_done, true)) happens();
    };
    return run(stream, with);
  }

  safeatomic::test::ScratchDirectory directory_{safeatomic::test::memory_backed_parent()};
  Servers servers_;
  int looks_ = 0;
  bool is_held_ = true;  // what the stream lacks
};

TEST_F(ShipKept, WhatWasLostAgainIsHeldAndShippedAgain) {
  EXPECT_EQ(must(ship([&] { servers_.messages.resize(4); })).last, 8U);
  EXPECT_EQ(looks_, 2);
  FakeStream stream(servers_);
  EXPECT_EQ(must(verify(stream, dir())).compared, 8U);
}

TEST_F(ShipKept, AStreamThatLosesItsBeginningIsNotShippedOn) {
  EXPECT_TRUE(fails_with(ship([&] { servers_.messages[1].reset(); }), exit_stream_damaged));
  EXPECT_EQ(held_from(), 2U);
}

TEST_F(ShipKept, AStreamThatKeepsNotAllAnyMoreIsNotShippedOn) {
  const Outcome<Shipped> refused = ship([&] { servers_.keeps_all = false; });
  ASSERT_TRUE(fails_with(refused, exit_usage));
  EXPECT_THAT(refused.error().text, HasSubstr("was changed"));
  EXPECT_EQ(held_from(), 2U);
}

TEST_F(ShipKept, AHoldThatWasDroppedIsNotSetAgainInSilence) {
  const Outcome<Shipped> refused = ship(
      [&] { (void)must(drop_hold(dir(), must(claims_of(dir(), "S")).front().hold_name())); });
  ASSERT_TRUE(fails_with(refused, exit_other_history));
  EXPECT_THAT(refused.error().text, HasSubstr("was dropped"));
  EXPECT_TRUE(must(holds_of(dir())).empty());
}

TEST_F(ShipKept, ATakeOverByTheStoreItselfChangesTheHoldUnderARunningOne) {
  const Shipped shipped = must(ship([&] {
    FakeStream stream(servers_);
    (void)must(take_over(stream, {.dir = dir(), .stream = "S"}));
  }));
  EXPECT_EQ(shipped.last, 8U);
  EXPECT_EQ(shipped.epoch, 2U);
  EXPECT_EQ(must(claims_of(dir(), "S")).size(), 1U) << "the old one does not come back";
}

// Servers have said "not found" of what was there.
TEST_F(ShipKept, AMessageThatIsThereAndIsNotGivenIsNotTakenForALoss) {
  (void)must(ship([] {}));
  {
    RecordLog log = must(RecordLog::open(dir()));
    must(log.append("one more"));
    must(log.close());
  }
  const std::size_t count = servers_.messages.size();
  FakeStream stream(servers_);
  for (const std::size_t hidden : {count, count - 2}) {
    servers_.hidden = hidden;
    EXPECT_TRUE(fails_with(verify(stream, dir()), exit_usage)) << "and not damaged";
  }
  servers_.hidden = count;
  EXPECT_TRUE(fails_with(ship([] {}), exit_usage)) << "and nothing in its place";
  EXPECT_EQ(servers_.messages.size(), count);
  servers_.hidden = 0;
  EXPECT_EQ(must(ship([] {})).records, 1U);
}

// As servers do whose disk is damaged: they count what is published, and never give it.
TEST_F(ShipKept, WhatIsAcknowledgedAndNeverGivenIsNotShipped) {
  (void)must(ship([] {}));
  const auto count = servers_.messages.size();
  servers_.messages[count - 1].reset();
  servers_.hidden = count + 1;
  is_held_ = false;
  for (int n = 0; n < 2; ++n) EXPECT_TRUE(fails_with(ship([] {}), exit_stream_damaged));
  EXPECT_EQ(servers_.messages.size(), count + 1);
  FakeStream stream(servers_);
  EXPECT_TRUE(fails_with(verify(stream, dir()), exit_stream_damaged)) << "never less than there should be, in silence";
}

}  // namespace
}  // namespace datawal::ship
