// A stream in memory whose answers are lost and whose units come late, in every combination of some: whatever happens, the stream is one
// chain in which each record comes once, and nobody ships behind a take-over that he has not made.

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/record_log.hpp>

#include "scratch_directory.hpp"
#include "ship/fake_stream.hpp"
#include "ship/must.hpp"
#include "ship/rebuild.hpp"
#include "ship/shipper.hpp"
#include "ship/takeover.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {
namespace {

using test::FakeStream;
using test::Servers;

class ShipModel : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path at(const std::string& name) const { return directory_ / name; }

  // One unit each.
  static void append(const std::filesystem::path& dir, int count, const std::string& what) {
    RecordLog log = must(RecordLog::open(dir));
    for (int i = 0; i < count; ++i) must(log.append(what + std::to_string(i) + std::string(80, '.')));
    must(log.close());
  }
  [[nodiscard]] static ShipOptions options(const std::filesystem::path& dir) {
    return {.dir = dir, .stream = "S", .unit_bytes = 120, .hold = std::chrono::seconds(0), .once = true};
  }

  // Of all that a reader sees: each txid once, ascending, as one chain.
  static void expect_sound(Servers& servers, const std::filesystem::path& dir, std::uint64_t records) {
    FakeStream stream(servers);
    const Outcome<Verified> verified = verify(stream, dir);
    ASSERT_TRUE(verified) << verified.error().text;
    EXPECT_EQ(verified->records, records);
    EXPECT_EQ(verified->not_shipped, 0U);
    EXPECT_EQ(verified->voids, 0U) << "one at a time leaves none";
  }

  // Calls `body` with 0 .. count - 1 and a directory that no other call of that instant uses. Most of the time is spent waiting for the
  // kernel to let go of watches, which several may do at once.
  template <class Body>
  void for_each_in(std::uint64_t count, Body body) const {
    constexpr std::uint64_t threads = 8;
    std::vector<std::jthread> all;
    for (std::uint64_t thread = 0; thread < threads; ++thread) {
      all.emplace_back([this, thread, count, &body] {
        const std::filesystem::path mine = at("thread" + std::to_string(thread));
        std::filesystem::create_directory(mine);
        for (std::uint64_t index = thread; index < count && !HasFailure(); index += threads) {
          SCOPED_TRACE("case " + std::to_string(index));
          try {
            body(index, mine);
          } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
          }
        }
      });
    }
  }

  safeatomic::test::ScratchDirectory directory_{safeatomic::test::memory_backed_parent()};  // syncs cost nothing
};

TEST_F(ShipModel, WhateverBecomesOfFivePublishesEachRecordIsThereOnce) {
  for_each_in(1024, [](std::uint64_t fates, const std::filesystem::path& dir) {
    if (!std::filesystem::exists(dir / "log")) append(dir / "log", 4, "record");
    Servers servers{.fates = fates};
    std::filesystem::remove(dir / "log" / ".holds");
    FakeStream stream(servers);
    ASSERT_EQ(must(run(stream, options(dir / "log"))).last, 4U);
    servers.let_late_arrive(true);
    expect_sound(servers, dir / "log", 4);
  });
}

TEST_F(ShipModel, AShipperThatDiesBehindAnyUnitIsFollowedByOneThatGoesOn) {
  for_each_in(64 * 4, [](std::uint64_t index, const std::filesystem::path& dir) {
    if (!std::filesystem::exists(dir / "log")) append(dir / "log", 4, "record");
    const std::uint64_t death = 1 + index % 4;
    Servers servers{.fates = index / 4};
    std::filesystem::remove(dir / "log" / ".holds");
    std::atomic<bool> is_dead{false};
    ShipOptions dying = options(dir / "log");
    dying.stop = &is_dead;
    dying.on_unit = [&](const Shipped& shipped) { is_dead = shipped.units == death; };
    FakeStream stream(servers);
    (void)run(stream, dying);
    ASSERT_EQ(must(run(stream, options(dir / "log"))).last, 4U);
    servers.let_late_arrive(true);
    expect_sound(servers, dir / "log", 4);
  });
}

// A shipper of four units in flight: its stream says at once that each is stored, where it will be if nothing comes in between, and
// sends them later. What such a mutant does must not pass as a fence.
class Eager final : public Stream {
 public:
  explicit Eager(Servers& servers) : servers_(servers), stream_(servers) {}

  Outcome<void> make() override { return {}; }
  Outcome<End> end() override {
    send(0);
    return stream_.end();
  }
  Outcome<std::optional<Message>> get(std::uint64_t sequence) override {
    for (const Servers::Late& one : in_flight_) {
      if (one.expected + 1 == sequence) return Message{.sequence = sequence, .unit = one.unit, .body = one.body};
    }
    return stream_.get(sequence);
  }
  Answer publish(const Unit& unit, std::string_view body, std::uint64_t expected) override {
    in_flight_.push_back({.unit = unit, .body = std::string(body), .expected = expected});
    send(3);
    return {.outcome = Published::stored, .sequence = expected + 1};
  }
  [[nodiscard]] std::uint64_t max_payload() const override { return stream_.max_payload(); }

 private:
  // All but so many of the newest.
  void send(std::size_t left) {
    while (in_flight_.size() > left) {
      const Servers::Late next = std::move(in_flight_.front());
      in_flight_.erase(in_flight_.begin());
      const bool is_stored = servers_.store(next.unit, next.body, next.expected);
      if (is_stored && servers_.on_stored) servers_.on_stored(servers_.messages.size());
    }
  }

  Servers& servers_;
  FakeStream stream_;
  std::vector<Servers::Late> in_flight_;
};

/// What a take-over behind message `instant` came to.
struct Fenced {
  bool has_taken_over = false;
  std::uint64_t voids = 0;    // units of the old one behind the fence
  std::uint64_t records = 0;  // in the stream at the end, of those in the new store
  std::uint64_t wanted = 0;
};

// The old one ships, and behind some message a new one takes over from what is rebuilt then; both go on.
template <class OldStream>
Fenced fence(const std::filesystem::path& new_dir, Servers& servers, std::size_t instant,
             const ShipOptions& old_options, const ShipOptions& new_options) {
  Fenced found;
  bool is_begun = false;
  servers.on_stored = [&](std::size_t count) {
    if (count < instant || is_begun) return;
    is_begun = true;
    FakeStream stream(servers);
    if (!rebuild(stream, new_dir)) return;
    found.has_taken_over = take_over(stream, new_options).has_value();
  };
  {
    OldStream stream(servers);
    (void)run(stream, old_options);
    (void)stream.end();  // what an eager one still has
  }
  servers.on_stored = {};
  servers.let_late_arrive(true);
  if (!found.has_taken_over) return found;
  FakeStream stream(servers);
  (void)run(stream, new_options);
  if (const Outcome<Verified> verified = verify(stream, new_dir)) {
    found.voids = verified->voids;
    found.records = verified->records;
  }
  found.wanted = RecordLog::open(new_dir)->last_txid();
  return found;
}

TEST_F(ShipModel, AFenceHoldsWithOneUnitInFlightAndNotWithFour) {
  append(at("old"), 8, "record");
  ShipOptions old = options(at("old"));
  old.hold = std::chrono::seconds(
      600);  // to move the hold it would look at the stream, which waits for what is in flight
  int held = 0;
  int passed = 0;
  for (std::size_t instant = 2; instant <= 6; ++instant) {
    for (const bool is_eager : {false, true}) {
      SCOPED_TRACE("behind message " + std::to_string(instant) + (is_eager ? ", four in flight" : ""));
      std::filesystem::remove(at("old") / ".holds");
      std::filesystem::remove_all(at("new"));
      Servers servers;
      const Fenced found = is_eager ? fence<Eager>(at("new"), servers, instant, old, options(at("new")))
                                    : fence<FakeStream>(at("new"), servers, instant, old, options(at("new")));
      ASSERT_TRUE(found.has_taken_over);
      const bool is_sound = found.voids == 0 && found.records == found.wanted;
      if (is_eager) {
        passed += is_sound ? 0 : 1;
      } else {
        EXPECT_TRUE(is_sound) << found.voids << " void units";
        held += is_sound ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(held, 5);
  EXPECT_EQ(passed, 5) << "the check must see what it is for: each time units of the old one stand behind the fence";
}

// The old one is at any point, its units late or unheard; the new one is what is rebuilt at that instant.
TEST_F(ShipModel, BehindATakeOverTheOldOneShipsNothingMore) {
  std::atomic<int> takeovers = 0;
  for_each_in(256 * 3, [&](std::uint64_t index, const std::filesystem::path& dir) {
    const std::filesystem::path old_dir = dir / "old";
    const std::filesystem::path new_dir = dir / "new";
    const std::uint64_t instant = 2 + index % 3;
    std::filesystem::remove_all(old_dir);
    std::filesystem::remove_all(new_dir);
    append(old_dir, 4, "record");
    Servers servers{.fates = index / 3};
    bool has_taken_over = false;
    bool is_begun = false;
    servers.on_stored = [&](std::size_t count) {
      if (count < instant || is_begun) return;
      is_begun = true;
      FakeStream stream(servers);
      if (!rebuild(stream, new_dir)) return;
      has_taken_over = take_over(stream, options(new_dir)).has_value();
    };
    FakeStream stream(servers);
    const Outcome<Shipped> shipped = run(stream, options(old_dir));
    servers.on_stored = {};
    servers.let_late_arrive(true);
    if (!has_taken_over) {
      ASSERT_TRUE(shipped) << shipped.error().text;
      return;
    }
    ++takeovers;
    if (shipped) {
      ASSERT_EQ(shipped->last, 4U) << "it had nothing more to ship";
    } else {
      ASSERT_EQ(shipped.error().exit, exit_not_owner) << shipped.error().text;
    }
    append(new_dir, 2, "of the new one");
    ASSERT_EQ(must(run(stream, options(new_dir))).records, 2U);
    append(old_dir, 1, "of the old one");
    const Outcome<Shipped> again = run(stream, options(old_dir));
    ASSERT_FALSE(again);
    ASSERT_EQ(again.error().exit, exit_not_owner) << again.error().text;
    expect_sound(servers, new_dir, RecordLog::open(new_dir)->last_txid());
  });
  EXPECT_GT(takeovers, 60);
}

// Each compaction is between two units; a deleted key never comes back.
TEST_F(ShipModel, CompactionBetweenAnyTwoUnitsCostsTheConsumerNothing) {
  for_each_in(64, [](std::uint64_t compactions, const std::filesystem::path& dir) {
    std::filesystem::remove_all(dir / "kv");
    std::filesystem::remove_all(dir / "again");
    Servers servers;
    FakeStream stream(servers);
    const std::vector<std::pair<std::string, std::string>> changes = {{"a", "1"},   {"gone", "x"}, {"a", "2"},
                                                                      {"gone", ""}, {"a", "3"},    {"b", "4"}};
    for (std::size_t step = 0; step < changes.size(); ++step) {
      {
        DataWal kv = must(DataWal::open(dir / "kv", {.max_segment_bytes = 32}));
        const auto& [key, value] = changes[step];
        must(value.empty() ? kv.erase(key) : kv.put(key, value));
        if ((compactions >> step & 1) != 0) (void)must(kv.compact({.min_garbage_ratio = 0}));
        must(kv.close());
      }
      // Behind by some of them: only every second change is shipped at once.
      if (step % 2 == 1 || step + 1 == changes.size()) {
        ShipOptions with = options(dir / "kv");
        with.from_here = true;
        (void)must(run(stream, with));
      }
    }
    (void)must(rebuild(stream, dir / "again"));
    const DataWalReader again = must(DataWalReader::open(dir / "again"));
    ASSERT_EQ(again.size(), 2U);
    ASSERT_TRUE(again.contains("gone") == false);
    ASSERT_EQ(must(Result<std::optional<std::string>>(again.get("a"))), "3");
  });
}

}  // namespace
}  // namespace datawal::ship
