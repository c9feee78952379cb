// Streams that have lost something, or hold what nobody shipped.

#include <algorithm>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch_directory.hpp"
#include "ship/claim.hpp"
#include "ship/fake_stream.hpp"
#include "ship/reseed.hpp"
#include "ship/ship_fixture.hpp"
#include "ship/takeover.hpp"
#include "support/seed.hpp"

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
  static std::vector<std::string> payloads(const path& dir) {
    const RecordLog log = must(RecordLog::open(dir));
    std::vector<std::string> all;
    RecordCursor cursor = log.records();
    while (const std::optional<RecordView> record = must(cursor.next())) all.emplace_back(record->payload);
    return all;
  }
  void mix_up(std::mt19937_64& random) {
    std::vector<std::optional<Message>>& all = servers_.messages;
    if (all.empty()) return;
    const std::size_t at = random() % all.size();
    const std::size_t other = random() % all.size();
    if (!all[at] || !all[at]->unit) return;
    Message& message = *all[at];
    switch (random() % 8) {
      case 0: all[at].reset(); break;
      case 1:
        if (!message.body.empty()) message.body[random() % message.body.size()] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2: all.push_back(message); break;
      case 3: std::swap(all[at], all[other]); break;
      case 4: message.unit->last += 1; break;
      case 5: all.resize(at + 1); break;
      case 6: inject(); break;
      default:  // forged, and signed once more
        message.unit->segment = static_cast<std::uint32_t>(random());
        message.unit->count += random() % 2;
        message.unit->chain = chain_of(*message.unit, message.body);
        break;
    }
  }
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

TEST_F(ShipDamage, UnitsOfALaterVersionAreNotPassedOver) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  inject();
  servers_.messages.back()->is_newer = true;
  inject();
  FakeStream stream(servers_);
  EXPECT_TRUE(fails_with(rebuild(stream, at("again")), exit_usage)) << "never less than there is, in silence";
  EXPECT_TRUE(fails_with(verified(at("log")), exit_usage));
  append(at("log"), 1);
  EXPECT_TRUE(fails_with(ship(at("log")), exit_usage)) << "nothing behind them";
  EXPECT_EQ(servers_.messages.size(), 6U);
}

TEST_F(ShipDamage, ADamagedLastUnitIsNoEndForReadersAndIsShippedAgain) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  body(3).back() ^= 1;
  const Outcome<Verified> refused = verified(at("log"));
  ASSERT_TRUE(fails_with(refused, exit_stream_damaged));
  EXPECT_THAT(refused.error().text, HasSubstr("message 4"));
  EXPECT_THAT(refused.error().text, HasSubstr("`datawal-ship run` ships it again"));
  FakeStream stream(servers_);
  EXPECT_TRUE(fails_with(rebuild(stream, at("again")), exit_stream_damaged)) << "never less than there was, in silence";
  EXPECT_FALSE(std::filesystem::exists(at("again")));
  EXPECT_EQ(must(ship(at("log"))).records, 1U);
  EXPECT_EQ(must(verified(at("log"))).compared, 3U);
}

// A right chain alone makes no end: somebody's, or of a program with a bug.
TEST_F(ShipDamage, ALastUnitThatBreaksTheRulesIsPassedOverByAShipper) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  const std::vector<std::optional<Message>> sound = servers_.messages;
  const Unit last = *sound.back()->unit;
  Unit genesis = *sound.front()->unit;
  Unit beyond = last;
  beyond.first = beyond.last = 99;
  Unit epochs{.kind = UnitKind::takeover,
              .store = last.store,
              .owner = genesis.store,
              .epoch = ~0ULL,
              .first = last.last,
              .last = last.last,
              .crc = last.crc};
  for (Unit forged : {genesis, beyond, epochs}) {
    servers_.messages = sound;
    forged.before = last.chain;
    forged.chain = chain_of(forged, {});
    servers_.messages.push_back(Message{.sequence = sound.size() + 1, .unit = forged});
    append(at("log"), 1);
    EXPECT_GT(must(ship(at("log"))).records, 0U) << forged.last;
    FakeStream stream(servers_);
    EXPECT_EQ(must(verify(stream, at("log"))).foreign, 1U);
  }
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

// Lost, flipped, doubled, exchanged, forged: what is rebuilt is what was shipped, as far as it goes, or nothing.
TEST_F(ShipDamage, WhateverIsMixedUpNothingWrongIsRebuilt) {
  std::mt19937_64 random = datawal::test::seeded_random();
  append(at("log"), 8);
  (void)must(ship(at("log")));
  const std::vector<std::optional<Message>> sound = servers_.messages;
  const std::vector<std::string> wanted = payloads(at("log"));
  int rebuilt = 0;
  int mended = 0;
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    servers_.messages = sound;
    for (std::uint64_t left = 1 + random() % 3; left > 0; --left) mix_up(random);
    for (std::size_t n = 0; n < servers_.messages.size(); ++n) {
      if (servers_.messages[n]) servers_.messages[n]->sequence = n + 1;
    }
    std::filesystem::remove_all(at("again"));
    FakeStream stream(servers_);
    if (const Outcome<Rebuilt> made = rebuild(stream, at("again"))) {
      ++rebuilt;
      std::vector<std::string> found = payloads(at("again"));
      ASSERT_LE(found.size(), wanted.size());
      EXPECT_TRUE(std::equal(found.begin(), found.end(), wanted.begin()));
    } else {
      EXPECT_TRUE(fails_with(made, made.error().exit == exit_usage ? exit_usage : exit_stream_damaged)) << "or empty";
    }
    if (!ship(at("log"))) continue;
    // It may have gone on behind what only a reader of all sees.
    const Outcome<Verified> verified = verify(stream, at("log"));
    if (verified) {
      ++mended;
      EXPECT_EQ(verified->compared, wanted.size());
    } else {
      EXPECT_TRUE(fails_with(verified, exit_stream_damaged));
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(rebuilt, 10);
  EXPECT_GT(mended, 10);
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
