// What a compaction has removed: before a store was shipped, which is no loss, and since, which would bring keys back.

#include <atomic>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

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

class ShipGaps : public testing::Test {
 protected:
  [[nodiscard]] path at(const std::string& name) const { return directory_.path() / name; }
  // So many keys, some of them put twice, and the older values compacted away.
  static void make_with_gaps(const path& dir) {
    DataWal kv = must(DataWal::open(dir, {.max_segment_bytes = 300}));
    for (int i = 0; i < 60; ++i) must(kv.put("key" + std::to_string(i), "first"));
    for (int i = 1; i < 60; i += 3) must(kv.put("key" + std::to_string(i), "second"));
    (void)must(kv.compact({.min_garbage_ratio = 0}));
    must(kv.close());
  }
  static void change(const path& dir, const std::map<std::string, std::string>& values, bool compacts = false) {
    DataWal kv = must(DataWal::open(dir, {.max_segment_bytes = 64}));
    for (const auto& [key, value] : values) must(value.empty() ? kv.erase(key) : kv.put(key, value));
    if (compacts) (void)must(kv.compact({.min_garbage_ratio = 0}));
    must(kv.close());
  }
  [[nodiscard]] static ShipOptions options(const path& dir) {
    return {.dir = dir, .stream = "S", .unit_bytes = 120, .hold = std::chrono::seconds(0), .once = true};
  }
  Outcome<Shipped> ship(const path& dir) {
    FakeStream stream(servers_);
    return run(stream, options(dir));
  }
  // Ships so many units.
  void ship_some(const path& dir, std::uint64_t units) {
    std::atomic<bool> stop{false};
    ShipOptions with = options(dir);
    with.stop = &stop;
    with.on_unit = [&](const Shipped& shipped) { stop = shipped.units == units; };
    FakeStream stream(servers_);
    (void)must(run(stream, with));
  }
  void rebuild_to(const path& dir) {
    FakeStream stream(servers_);
    (void)must(rebuild(stream, dir));
  }

  safeatomic::test::ScratchDirectory directory_{safeatomic::test::memory_backed_parent()};
  Servers servers_;
};

TEST_F(ShipGaps, FromBeforeItBeganAreNoLossWhereverItGoesOn) {
  make_with_gaps(at("kv"));
  for (int n = 0; n < 15; ++n) ship_some(at("kv"), 1);
  EXPECT_GT(must(ship(at("kv"))).records, 0U);
  FakeStream stream(servers_);
  EXPECT_EQ(must(verify(stream, at("kv"))).compared, 60U);
  rebuild_to(at("again"));
  EXPECT_EQ(must(DataWalReader::open(at("again"))).size(), 60U);
}

// The stream comes back from a backup of the servers, and what it has lost was held no more.
TEST_F(ShipGaps, WhereTheStreamHasLostWhatWasCompactedSinceAreRefused) {
  change(at("kv"), {{"anchor", "1"}, {"gone", "secret"}, {"stays", "1"}});
  (void)must(ship(at("kv")));
  const Servers older = servers_;
  change(at("kv"), {{"gone", ""}, {"pad", "1"}});
  change(at("kv"), {{"pad", "2"}, {"pad2", "2"}});
  (void)must(ship(at("kv")));
  change(at("kv"), {{"pad", "3"}}, true);
  change(at("kv"), {{"pad", "4"}}, true);
  servers_ = older;
  for (int n = 0; n < 2; ++n) {
    const Outcome<Shipped> refused = ship(at("kv"));
    ASSERT_TRUE(fails_with(refused, exit_other_history)) << "also the second time";
    EXPECT_THAT(refused.error().text, HasSubstr("before the stream had them"));
  }
}

// It is used before it has taken over, when nothing holds it yet.
TEST_F(ShipGaps, BehindTheEndOfTheStreamRefuseATakeOver) {
  change(at("kv"), {{"anchor", "1"}, {"gone", "secret"}, {"stays", "1"}});
  (void)must(ship(at("kv")));
  rebuild_to(at("new"));
  change(at("new"), {{"gone", ""}, {"pad", "1"}});
  change(at("new"), {{"pad", "2"}}, true);
  FakeStream stream(servers_);
  EXPECT_TRUE(fails_with(take_over(stream, options(at("new"))), exit_other_history));
  EXPECT_TRUE(must(claims_of(at("new"), "S")).empty());
  EXPECT_EQ(must(ship(at("kv"))).epoch, 1U) << "the old one still ships";
}

}  // namespace
}  // namespace datawal::ship
