// Stores are shipped to a real server, and come out of it again: exactly once, in order, byte for byte.

#include <atomic>

#include <gtest/gtest.h>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/format.hpp>
#include <datawal/log_rebuilder.hpp>

#include "ship/claim.hpp"
#include "ship/ship_fixture.hpp"
#include "ship/status.hpp"
#include "ship/takeover.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {
namespace {

TEST_F(Ship, AStoreComesBackByteForByte) {
  append(at("log"), 500);
  const Shipped shipped = must(ship(at("log")));
  EXPECT_EQ(shipped.records, 500U);
  EXPECT_GT(shipped.units, 20U);
  const Rebuilt rebuilt = must(rebuild(*connect(), at("again")));
  EXPECT_EQ(rebuilt.records, 500U);
  EXPECT_EQ(segments_of(at("again")), segments_of(at("log")));
  EXPECT_GT(segments_of(at("again")).size(), 3U);
  const Verified verified = must(verify(*connect(), at("log")));
  EXPECT_EQ(verified.compared, 500U);
  EXPECT_EQ(verified.voids, 0U);
  EXPECT_EQ(verified.not_shipped, 0U);
}

TEST_F(Ship, GoesOnWhereTheStreamEnds) {
  append(at("log"), 30);
  EXPECT_EQ(must(ship(at("log"))).records, 30U);
  EXPECT_EQ(must(ship(at("log"))).records, 0U);
  append(at("log"), 20);
  EXPECT_EQ(must(ship(at("log"))).records, 20U);
  EXPECT_EQ(must(verify(*connect(), at("log"))).records, 50U);
}

TEST_F(Ship, OnlyWhatIsDurable) {
  RecordLog log = must(RecordLog::open(at("log")));
  must(log.append("durable", {.sync = true}));
  must(log.append("not yet"));
  EXPECT_EQ(must(ship(at("log"))).last, 1U);
  must(log.fsync());
  EXPECT_EQ(must(ship(at("log"))).last, 2U);
}

TEST_F(Ship, HoldsWhatIsNotShippedYet) {
  append(at("log"), 300);
  (void)must(ship(at("log")));
  append(at("log"), 300);
  const Status status = must(status_of(*connect(), at("log"), stream_options().name));
  EXPECT_TRUE(status.is_owner);
  EXPECT_EQ(status.stream_last, 300U);
  EXPECT_EQ(status.durable_last, 600U);
  EXPECT_EQ(status.lag_records, 300U);
  EXPECT_EQ(status.floor, std::optional<std::uint64_t>(299)) << "one less: its record stays, to be compared with";
  RecordLog log = must(RecordLog::open(at("log")));
  must(log.drop_segments_before(99));
  EXPECT_LE(must(log.scan()).front().txid, 300U);
  must(log.close());
  EXPECT_EQ(must(ship(at("log"))).records, 300U);
}

// Without a floor the Delete would be compacted away before it was shipped, and the key live on in what is rebuilt.
TEST_F(Ship, BringsNoDeletedKeyBackThoughTheStoreIsCompacted) {
  const auto open = [&] { return must(DataWal::open(at("kv"), {.max_segment_bytes = 64})); };
  {
    DataWal kv = open();
    must(kv.put("anchor", "0"));
    must(kv.put("gone", "secret"));
    must(kv.put("pad", "1"));
    must(kv.close());
  }
  (void)must(ship(at("kv")));
  {
    DataWal kv = open();
    must(kv.erase("gone"));
    must(kv.put("pad", "2"));
    must(kv.put("pad", "3"));
    for (int i = 0; i < 2; ++i) (void)must(kv.compact({.min_garbage_ratio = 0}));
    must(kv.close());
  }
  (void)must(ship(at("kv")));
  (void)must(rebuild(*connect(), at("again")));
  const DataWalReader again = must(DataWalReader::open(at("again")));
  EXPECT_TRUE(again.contains("gone") == false);
  EXPECT_TRUE(again.contains("anchor") == true);
  EXPECT_EQ(again.size(), 2U);
}

TEST_F(Ship, ALongRecordInPartsAlsoIfItIsCutShortBetweenThem) {
  {
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.append("before"));
    must(log.append(std::string(200'000, 'x')));
    must(log.append("behind"));
    must(log.close());
  }
  int lives = 0;
  for (bool is_done = false; !is_done; ++lives) {
    std::atomic<bool> stop{false};
    ShipOptions with = options(at("log"));
    with.unit_bytes = 20'000;
    with.stop = &stop;
    with.on_unit = [&](const Shipped& shipped) { stop = shipped.units == 3; };
    is_done = must(run(*connect(), with)).units < 3;
  }
  EXPECT_GT(lives, 3);
  EXPECT_EQ(must(rebuild(*connect(), at("again"))).records, 3U);
  EXPECT_EQ(segments_of(at("again")), segments_of(at("log")));
}

TEST_F(Ship, OneThatWasTakenOverShipsNoMore) {
  append(at("old"), 50);
  (void)must(ship(at("old")));
  (void)must(rebuild(*connect(), at("new")));
  EXPECT_TRUE(fails_with(ship(at("new")), exit_other_history)) << "before it has taken over";
  EXPECT_EQ(must(take_over(*connect(), options(at("new")))), 2U);
  append(at("old"), 1, "of the old one");
  EXPECT_TRUE(fails_with(ship(at("old")), exit_not_owner));
  append(at("new"), 10, "of the new one");
  EXPECT_EQ(must(ship(at("new"))).records, 10U);
  EXPECT_TRUE(fails_with(ship(at("old")), exit_not_owner)) << "for good";
  EXPECT_EQ(must(verify(*connect(), at("new"))).compared, 60U);
  EXPECT_TRUE(fails_with(verify(*connect(), at("old")), exit_other_history));
}

TEST_F(Ship, ATakeOverComesBetweenTwoUnitsOfARunningOne) {
  append(at("old"), 100);
  (void)must(ship(at("old")));
  (void)must(rebuild(*connect(), at("new")));
  append(at("old"), 100, "more");
  ShipOptions with = options(at("old"));
  with.unit_bytes = 1024;
  with.on_unit = [&](const Shipped& shipped) {
    // The first unit of this run is there, so that what was rebuilt is too old; then a newer one takes over.
    if (shipped.units == 1) {
      EXPECT_TRUE(fails_with(take_over(*connect(), options(at("new"))), exit_other_history));
      EXPECT_TRUE(must(claims_of(at("new"), stream_options().name)).empty()) << "what it had claimed is withdrawn";
    }
    if (shipped.units == 2) {
      std::filesystem::remove_all(at("new"));
      (void)must(rebuild(*connect(), at("new")));
      EXPECT_EQ(must(take_over(*connect(), options(at("new")))), 2U);
    }
  };
  EXPECT_TRUE(fails_with(run(*connect(), with), exit_not_owner));
  append(at("new"), 5, "goes on");
  EXPECT_EQ(must(ship(at("new"))).records, 5U);
  EXPECT_EQ(must(verify(*connect(), at("new"))).voids, 0U);
}

// What several in flight would do: the fence takes the number that the second unit of the old one expects, which is stored behind it.
// So a unit is sent only when the one before it is known to be there.
TEST_F(Ship, AUnitThatWasSentAheadWouldPassTheFenceAndIsVoid) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  const std::unique_ptr<Stream> stream = connect();
  const StreamEnd end = must(find_end(*stream));
  const auto unit_behind = [&](const std::string& chain, std::uint64_t txid) {
    const std::string frame = [&] {
      std::string bytes(static_cast<std::size_t>(format::frame_len(0, 1)), '\0');
      (void)format::encode(RecordType::Raw, txid, {}, "x", bytes);
      return bytes;
    }();
    Unit unit{.store = end.head->store,
              .owner = end.head->owner,
              .epoch = end.head->epoch,
              .segment = 1,
              .first = txid,
              .last = txid,
              .count = 1,
              .crc = format::decode_next(frame).record.crc,
              .before = chain};
    unit.chain = chain_of(unit, frame);
    return std::pair(unit, frame);
  };
  const auto [first, first_frame] = unit_behind(end.head->chain, 4);
  const auto [second, second_frame] = unit_behind(first.chain, 5);
  // Both are sent with the numbers that they expect; the fence comes first.
  EXPECT_EQ(must(take_over(*stream, options(at("log")))), 2U);
  EXPECT_EQ(stream->publish(first, first_frame, end.sequence).outcome, Stream::Published::refused);
  EXPECT_EQ(stream->publish(second, second_frame, end.sequence + 1).outcome, Stream::Published::stored) << "no fence";
  // Readers do not believe it, and the new one goes on behind it.
  append(at("log"), 2);
  EXPECT_EQ(must(ship(at("log"))).records, 2U);
  const Verified verified = must(verify(*connect(), at("log")));
  EXPECT_EQ(verified.voids, 1U);
  EXPECT_EQ(verified.records, 5U);
}

TEST_F(Ship, LeavesWhatIsThereAlone) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  std::filesystem::create_directory(at("there"));
  EXPECT_TRUE(fails_with(rebuild(*connect(), at("there")), exit_usage));
  EXPECT_TRUE(std::filesystem::is_empty(at("there")));
}

TEST_F(Ship, TwoRebuildsDoNotMeetAndWhatAKilledOneLeftIsRemoved) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  const path draft = at(".again.datawal-rebuild");
  {
    const LogRebuilder other = must(LogRebuilder::open(draft));
    const Outcome<Rebuilt> refused = rebuild(*connect(), at("again"));
    ASSERT_TRUE(fails_with(refused, exit_usage));
    EXPECT_TRUE(std::filesystem::exists(draft));
  }
  EXPECT_EQ(must(rebuild(*connect(), at("again"))).records, 3U);
  EXPECT_FALSE(std::filesystem::exists(draft));
}

}  // namespace
}  // namespace datawal::ship
