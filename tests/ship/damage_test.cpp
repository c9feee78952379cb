// Streams that have lost something, or hold what nobody shipped.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch_directory.hpp"
#include "ship/claim.hpp"
#include "ship/fake_stream.hpp"
#include "ship/reseed.hpp"
#include "ship/ship_fixture.hpp"
#include "ship/takeover.hpp"

namespace datawal::ship {
namespace {

using test::FakeStream;
using test::Servers;
using testing::HasSubstr;

class ShipDamage : public testing::Test {
 protected:
  [[nodiscard]] path at(const std::string& name) const { return directory_ / name; }
  static void append(const path& dir, int count, const std::string& what = "record") {
    RecordLog log = must(RecordLog::open(dir, {.max_segment_bytes = 500}));
    for (int i = 0; i < count; ++i) must(log.append(what + ' ' + std::to_string(i) + std::string(80, '.')));
    must(log.close());
  }
  [[nodiscard]] ShipOptions options(const path& dir, const std::string& stream = "S") const {
    return {.dir = dir, .stream = stream, .unit_bytes = 120, .hold = std::chrono::seconds(0), .once = true};
  }
  Outcome<Shipped> ship(const path& dir) {
    FakeStream stream(servers_);
    return run(stream, options(dir));
  }
  Outcome<Verified> verified(const path& dir) {
    FakeStream stream(servers_);
    return verify(stream, dir);
  }
  Outcome<Reseeded> reseeded(const path& dir, bool from_here = false) {
    FakeStream old(servers_);
    FakeStream fresh(fresh_);
    ShipOptions with = options(dir, "NEW");
    with.from_here = from_here;
    return reseed(old, "S", fresh, with);
  }
  // Somebody else's, without a word of ours.
  void inject() { servers_.messages.push_back(Message{.sequence = servers_.messages.size() + 1, .body = "hello"}); }
  std::string& body(std::size_t index) { return servers_.messages.at(index)->body; }

  safeatomic::test::ScratchDirectory directory_{safeatomic::test::memory_backed_parent()};
  Servers servers_;
  Servers fresh_;
};

TEST_F(ShipDamage, WhatSomebodyElsePublishesIsPassedOver) {
  append(at("log"), 3);
  inject();
  EXPECT_EQ(must(ship(at("log"))).last, 3U);
  inject();
  inject();
  append(at("log"), 2);
  EXPECT_EQ(must(ship(at("log"))).last, 5U);
  inject();
  const Verified found = must(verified(at("log")));
  EXPECT_EQ(found.foreign, 4U);
  EXPECT_EQ(found.compared, 5U);
  FakeStream stream(servers_);
  EXPECT_EQ(must(rebuild(stream, at("again"))).records, 5U);
}

TEST_F(ShipDamage, ADamagedLastUnitIsNoEndForReadersAndIsShippedAgain) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  body(3).back() ^= 1;
  const Outcome<Verified> refused = verified(at("log"));
  ASSERT_TRUE(fails_with(refused, exit_stream_damaged));
  EXPECT_THAT(refused.error().text, HasSubstr("message 4"));
  FakeStream stream(servers_);
  EXPECT_TRUE(fails_with(rebuild(stream, at("again")), exit_stream_damaged)) << "never less than there was, in silence";
  EXPECT_FALSE(std::filesystem::exists(at("again")));
  EXPECT_EQ(must(ship(at("log"))).records, 1U);
  EXPECT_EQ(must(verified(at("log"))).compared, 3U);
}

TEST_F(ShipDamage, ADamagedUnitInTheMiddleIsNotMended) {
  append(at("log"), 4);
  (void)must(ship(at("log")));
  body(2).back() ^= 1;
  const Outcome<Verified> refused = verified(at("log"));
  ASSERT_TRUE(fails_with(refused, exit_stream_damaged));
  EXPECT_THAT(refused.error().text, HasSubstr("2 units behind it"));
}

TEST_F(ShipDamage, WhatTheStreamLostAtItsEndIsShippedAgain) {
  append(at("log"), 4);
  (void)must(ship(at("log")));
  servers_.messages[3].reset();
  servers_.messages[4].reset();
  EXPECT_EQ(must(ship(at("log"))).records, 2U);
  EXPECT_EQ(must(verified(at("log"))).compared, 4U);
  // As an engine does that forgets their numbers, too.
  servers_.messages.pop_back();
  EXPECT_EQ(must(ship(at("log"))).records, 1U);
  EXPECT_EQ(must(verified(at("log"))).compared, 4U);
}

TEST_F(ShipDamage, AStreamThatWasRemovedBeginsAgainIfTheLogHasItsBeginning) {
  append(at("log"), 12);
  (void)must(ship(at("log")));
  servers_.messages.clear();
  EXPECT_EQ(must(ship(at("log"))).records, 12U);
  servers_.messages.clear();
  {
    must(drop_hold(at("log"), must(claims_of(at("log"), "S")).front().hold_name()));
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.drop_segments_before(2));
    must(log.close());
  }
  EXPECT_TRUE(fails_with(ship(at("log")), exit_other_history));
}

TEST_F(ShipDamage, AStreamThatLostItsMiddleIsNoHistoryAndAnotherOneBegins) {
  append(at("log"), 4);
  (void)must(ship(at("log")));
  EXPECT_TRUE(fails_with(reseeded(at("log")), exit_usage)) << "it is whole";
  servers_.messages[2].reset();
  const Outcome<Shipped> refused = ship(at("log"));
  ASSERT_TRUE(fails_with(refused, exit_stream_damaged));
  EXPECT_THAT(refused.error().text, HasSubstr("reseed"));
  const auto before = servers_.messages.size();
  const Reseeded made = must(reseeded(at("log")));
  EXPECT_THAT(made.damage, HasSubstr("lost its message 3"));
  EXPECT_EQ(made.floor, 0U);
  EXPECT_EQ(servers_.messages.size(), before) << "the old one is left as it is";
  EXPECT_TRUE(must(claims_of(at("log"), "S")).empty());
  FakeStream fresh(fresh_);
  append(at("log"), 2);
  EXPECT_EQ(must(run(fresh, options(at("log"), "NEW"))).records, 6U);
  EXPECT_EQ(must(verify(fresh, at("log"))).compared, 6U);
  EXPECT_NE(fresh_.messages.front()->unit->store, servers_.messages.front()->unit->store);
  EXPECT_TRUE(fails_with(ship(at("log")), exit_stream_damaged)) << "and never again into the old one";
}

TEST_F(ShipDamage, AReseedThatWasCutShortGoesOn) {
  append(at("log"), 4);
  (void)must(ship(at("log")));
  servers_.messages[2].reset();
  const Claim old = must(claims_of(at("log"), "S")).front();
  (void)must(reseeded(at("log")));
  must(set_claim(at("log"), old, old.txid));  // as before its last step
  (void)must(reseeded(at("log")));
  EXPECT_EQ(fresh_.messages.size(), 1U);
  EXPECT_TRUE(must(claims_of(at("log"), "S")).empty());
}

TEST_F(ShipDamage, AReseedIsRefusedWhereItWouldMixHistoriesOrHideALoss) {
  append(at("log"), 6);
  (void)must(ship(at("log")));
  FakeStream stream(servers_);
  (void)must(rebuild(stream, at("new")));
  EXPECT_EQ(must(take_over(stream, options(at("new")))), 2U);
  servers_.messages[2].reset();
  EXPECT_TRUE(fails_with(reseeded(at("log")), exit_not_owner)) << "the new one's";
  append(at("other"), 2);
  EXPECT_TRUE(fails_with(reseeded(at("other")), exit_other_history)) << "never shipped there";
  Servers others;
  FakeStream taken(others);
  (void)must(run(taken, options(at("other"), "NEW")));
  fresh_ = others;
  EXPECT_TRUE(fails_with(reseeded(at("new")), exit_other_history)) << "the new stream is not empty";
  fresh_ = {};
  must(drop_hold(at("new"), must(claims_of(at("new"), "S")).front().hold_name()));
  {
    RecordLog log = must(RecordLog::open(at("new")));
    must(log.drop_segments_before(2));
    must(log.close());
  }
  EXPECT_TRUE(fails_with(reseeded(at("new")), exit_other_history)) << "it has no claim any more";
}

TEST_F(ShipDamage, AReseedOfALogWithoutItsBeginningOnlyIfThatIsSaid) {
  append(at("log"), 20);
  (void)must(ship(at("log")));
  servers_.messages[2].reset();
  {
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.drop_segments_before(3));
    must(log.close());
  }
  EXPECT_TRUE(fails_with(reseeded(at("log")), exit_other_history));
  const Reseeded made = must(reseeded(at("log"), true));
  EXPECT_GT(made.floor, 0U);
  FakeStream fresh(fresh_);
  EXPECT_EQ(must(run(fresh, options(at("log"), "NEW"))).records, 20 - made.floor);
}

}  // namespace
}  // namespace datawal::ship
