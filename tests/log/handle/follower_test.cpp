#include <datawal/follower.hpp>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <datawal/data_wal.hpp>

#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const FollowerOptions all_records{.only_durable = false};

class FollowerOfALog : public testing::Test {
 protected:
  [[nodiscard]] Follower follow(const FollowerOptions& options = {}) const {
    return must(Follower::open(store_.path(), options));
  }

  // All that it shows until there is nothing more, or something went wrong.
  static std::vector<std::string> shown(Follower& follower) {
    std::vector<std::string> payloads;
    for (;;) {
      Result<std::optional<RecordView>> next = follower.next();
      if (!next) payloads.push_back("! " + std::string(name_of(next.error().code)));
      if (!next || !*next) return payloads;
      payloads.emplace_back((**next).payload);
    }
  }

  // The power fails: what lies behind `offset` of segment 1 was not on the disk.
  void lose_behind(std::uint64_t offset) const { std::filesystem::resize_file(store_.segment(1), offset); }

  // One bit of segment 1.
  void flip(std::size_t offset) const {
    std::fstream file(store_.segment(1), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
  }

  Store store_;
};

TEST_F(FollowerOfALog, ShowsEachRecordOnceAndInOrderAcrossRotations) {
  RecordLog log = store_.open();
  Follower follower = follow();
  EXPECT_THAT(shown(follower), IsEmpty());
  for (const char* payload : {"one", "two", "three"}) {
    must(log.append(payload));
    must(log.rotate());
    EXPECT_THAT(shown(follower), ElementsAre(payload));
  }
  EXPECT_THAT(shown(follower), IsEmpty());
}

TEST_F(FollowerOfALog, ShowsOnlyWhatWasSynced) {
  RecordLog log = store_.open();
  Follower follower = follow();
  must(log.append("synced", {.sync = true}));
  must(log.append("not synced"));
  EXPECT_THAT(shown(follower), ElementsAre("synced"));
  EXPECT_THAT(shown(follower), IsEmpty());
  must(log.fsync());
  EXPECT_THAT(shown(follower), ElementsAre("not synced"));
}

TEST_F(FollowerOfALog, ShowsWhatIsNotSyncedIfAskedTo) {
  RecordLog log = store_.open();
  Follower follower = follow(all_records);
  must(log.append("not synced"));
  EXPECT_THAT(shown(follower), ElementsAre("not synced"));
}

TEST_F(FollowerOfALog, IsNeverShownTheRecordThatThePowerTookBack) {
  Follower follower = [&] {
    RecordLog log = store_.open();
    must(log.append("one", {.sync = true}));
    return follow();
  }();
  EXPECT_THAT(shown(follower), ElementsAre("one"));
  const RecordRef bobs = [&] {
    RecordLog log = store_.open();
    const RecordRef ref = must(log.append("pay Bob"));
    EXPECT_THAT(shown(follower), IsEmpty());
    return ref;
  }();
  store_.put(1, store_.get(1).substr(0, bobs.offset));
  std::filesystem::remove(store_.path() / ".watermark");
  RecordLog log = store_.open();
  must(log.append("pay Eve", {.sync = true}));
  EXPECT_THAT(shown(follower), ElementsAre("pay Eve"));
}

TEST_F(FollowerOfALog, IsToldThatARecordWasReplacedAndShownWhatStandsThere) {
  RecordRef bobs;
  Follower follower = [&] {
    RecordLog log = store_.open();
    must(log.append("one", {.sync = true}));
    Follower early = follow(all_records);
    EXPECT_THAT(shown(early), ElementsAre("one"));
    bobs = must(log.append("pay Bob"));
    EXPECT_THAT(shown(early), ElementsAre("pay Bob"));
    return early;
  }();
  store_.put(1, store_.get(1).substr(0, bobs.offset));
  std::filesystem::remove(store_.path() / ".watermark");
  RecordLog log = store_.open();
  must(log.append("pay Eve", {.sync = true}));
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 2, .last_txid = 2, .cause = LostRecords::Cause::replaced}));
  EXPECT_THAT(shown(follower), ElementsAre("pay Eve"));
}

TEST_F(FollowerOfALog, IsToldThatRecordsWereTakenBackEvenIfNothingStandsThereYet) {
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "two") + raw_frame(3, "three"));
  Follower follower = follow(all_records);
  EXPECT_THAT(shown(follower), ElementsAre("one", "two", "three"));
  lose_behind(raw_frame(1, "one").size());
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 1, .last_txid = 3, .cause = LostRecords::Cause::replaced}));
  EXPECT_THAT(shown(follower), ElementsAre("one")) << "none of them was known to be durable";
}

TEST_F(FollowerOfALog, IsToldWhatWasTrimmed) {
  RecordLog log = store_.open();
  must(log.append("one"));
  must(log.rotate());
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("one"));
  for (const char* payload : {"two", "three", "four"}) {
    must(log.append(payload));
    must(log.rotate());
  }
  must(log.drop_segments_before(4));
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 2, .last_txid = 3, .cause = LostRecords::Cause::trimmed}));
  EXPECT_THAT(shown(follower), ElementsAre("four"));
}

TEST_F(FollowerOfALog, LosesNothingWhereOnlyWhatItHadSeenWasTrimmed) {
  RecordLog log = store_.open();
  must(log.append("one"));
  must(log.rotate());
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("one"));
  must(log.append("two"));
  must(log.rotate());
  must(log.drop_segments_before(2));
  EXPECT_THAT(shown(follower), ElementsAre("two"));
}

TEST_F(FollowerOfALog, GoesOnWhereACompactionMovedItsPlace) {
  DataWal store = must(DataWal::open(store_.path()));
  must(store.put("dead", "1"));
  must(store.put("alive", "2"));
  must(store.fsync());
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("1", "2"));
  must(store.put("dead", "3"));
  must(store.compact({.min_garbage_ratio = 0}));
  must(store.put("more", "4", {.sync = true}));
  EXPECT_THAT(shown(follower), ElementsAre("3", "4"));
}

TEST_F(FollowerOfALog, WaitsWhereItsPlaceWasMovedAndNothingTellsWhatIsDurable) {
  Follower follower = [&] {
    DataWal store = must(DataWal::open(store_.path()));
    must(store.put("dead", "1"));
    must(store.put("alive", "2", {.sync = true}));
    Follower early = follow();
    EXPECT_THAT(shown(early), ElementsAre("1", "2"));
    must(store.put("dead", "3"));
    must(store.compact({.min_garbage_ratio = 0}));
    return early;
  }();
  std::filesystem::remove(store_.path() / ".watermark");
  EXPECT_THAT(shown(follower), IsEmpty());
  EXPECT_THAT(shown(follower), IsEmpty());
  const DataWal store = must(DataWal::open(store_.path()));
  EXPECT_THAT(shown(follower), ElementsAre("3"));
}

TEST_F(FollowerOfALog, IsToldWhatACompactionTookFromIt) {
  DataWal store = must(DataWal::open(store_.path()));
  must(store.put("key", "1", {.sync = true}));
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("1"));
  must(store.put("key", "2"));
  must(store.put("key", "3"));
  must(store.compact({.min_garbage_ratio = 0}));
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 2, .last_txid = 2, .cause = LostRecords::Cause::compacted}));
  EXPECT_THAT(shown(follower), ElementsAre("3"));
}

TEST_F(FollowerOfALog, IsToldWhatWasTrimmedBeforeItWasShownAnything) {
  RecordLog log = store_.open();
  Follower follower = follow();
  EXPECT_THAT(shown(follower), IsEmpty());
  for (const char* payload : {"one", "two"}) {
    must(log.append(payload));
    must(log.rotate());
  }
  must(log.append("three", {.sync = true}));
  must(log.drop_segments_before(3));
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 1, .last_txid = 2, .cause = LostRecords::Cause::trimmed}));
  EXPECT_THAT(shown(follower), ElementsAre("three"));
}

TEST_F(FollowerOfALog, IsToldWhatACompactionTookBehindARecordThatStayed) {
  DataWal store = must(DataWal::open(store_.path()));
  must(store.put("stays", "1", {.sync = true}));
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("1"));
  must(store.put("key", "2"));
  must(store.erase("key"));
  must(store.put("stays too", "4", {.sync = true}));
  must(store.compact({.min_garbage_ratio = 0}));
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 2, .last_txid = 3, .cause = LostRecords::Cause::compacted}));
  EXPECT_THAT(shown(follower), ElementsAre("4"));
}

TEST_F(FollowerOfALog, IsToldWhatACompactionTookThoughItsCursorFileCameBetween) {
  const TemporaryDirectory scratch;
  const FollowerOptions noted{.cursor_file = scratch.path() / "cursor"};
  DataWal store = must(DataWal::open(store_.path()));
  must(follow(noted).save());
  {
    Follower follower = follow(noted);
    EXPECT_THAT(shown(follower), IsEmpty());
    must(follower.save());
  }
  must(store.put("key", "1"));
  must(store.put("key", "2", {.sync = true}));
  must(store.compact({.min_garbage_ratio = 0}));
  Follower follower = follow(noted);
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_THAT(shown(follower), ElementsAre("2"));
}

TEST_F(FollowerOfALog, IsNotToldOfWhatWasMissingWhenItBegan) {
  DataWal store = must(DataWal::open(store_.path()));
  must(store.put("key", "1"));
  must(store.put("key", "2", {.sync = true}));
  must(store.compact({.min_garbage_ratio = 0}));
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("2"));
}

TEST_F(FollowerOfALog, GoesOnOnceWhatWasDamagedIsRepaired) {
  const std::string sound = raw_frame(1, "one") + raw_frame(2, "two") + raw_frame(3, "three");
  std::string damaged = sound;
  damaged[raw_frame(1, "one").size() + raw_frame(2, "two").size() - 1] ^= 1;
  store_.put(1, damaged);
  store_.put(2, raw_frame(4, "four"));
  Follower follower = follow(all_records);
  EXPECT_THAT(shown(follower), ElementsAre("one", "! corruption"));
  EXPECT_THAT(shown(follower), ElementsAre("! corruption"));
  store_.put(1, sound);
  EXPECT_THAT(shown(follower), ElementsAre("two", "three", "four"));
}

TEST_F(FollowerOfALog, LosesNothingToAMeasurementOfItsLagBesideACompaction) {
  DataWal store = must(DataWal::open(store_.path()));
  const auto compact = [&] { must(store.compact({.min_garbage_ratio = 0})); };
  must(store.put("first", "1", {.sync = true}));
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("1"));
  for (const char* key : {"d0", "d1", "l0", "l1", "l2", "l3"}) must(store.put(key, key));
  compact();
  must(store.put("d1", "d1"));
  compact();
  must(store.fsync());
  EXPECT_EQ(must(follower.next())->payload, "d0");
  must(store.put("d0", "d0"));
  compact();
  must(store.fsync());
  must(follower.lag());
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 3, .last_txid = 3, .cause = LostRecords::Cause::compacted}));
  EXPECT_THAT(shown(follower), ElementsAre("l0", "l1", "l2", "l3", "d1", "d0"));
}

TEST_F(FollowerOfALog, IsToldOfACompactionAsOneThoughItRemovedTheFirstSegments) {
  DataWal store = must(DataWal::open(store_.path()));
  Follower follower = follow();
  EXPECT_THAT(shown(follower), IsEmpty());
  for (int n = 0; n < 3; ++n) must(store.put("a", "superseded"));
  must(store.compact({.min_garbage_ratio = 0}));
  must(store.put("a", "alive", {.sync = true}));
  must(store.compact({.min_garbage_ratio = 0}));
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 1, .last_txid = 3, .cause = LostRecords::Cause::compacted}));
}

TEST_F(FollowerOfALog, IsToldWhatWasTrimmedThoughItWasNotedBeforeTheFirstRecord) {
  const TemporaryDirectory scratch;
  const FollowerOptions noted{.cursor_file = scratch.path() / "cursor"};
  RecordLog log = store_.open();
  must(follow(noted).save());
  must(log.append("one"));
  must(log.rotate());
  must(log.append("two", {.sync = true}));
  must(log.drop_segments_before(2));
  Follower follower = follow(noted);
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_THAT(shown(follower), ElementsAre("two"));
}

TEST_F(FollowerOfALog, IsToldWhatIsMissingThoughItsCursorFileSaysThatMoreThanThatWasTold) {
  const TemporaryDirectory scratch;
  const FollowerOptions noted{.cursor_file = scratch.path() / "cursor"};
  write_file(noted.cursor_file, "last -\nbase -\nundecided 0 0 0\ntold 18446744073709551615\n");
  RecordLog log = store_.open();
  must(log.append("one"));
  must(log.rotate());
  must(log.append("two", {.sync = true}));
  must(log.drop_segments_before(2));
  Follower follower = follow(noted);
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 1, .last_txid = 1, .cause = LostRecords::Cause::trimmed}));
  EXPECT_THAT(shown(follower), ElementsAre("two"));
}

TEST_F(FollowerOfALog, ShowsWhatLiesBeforeDamageOfWhatIsDurableAndTellsIt) {
  RecordLog log = store_.open();
  for (const char* payload : {"one", "two", "three"}) must(log.append(payload));
  must(log.fsync());
  Follower early = follow();
  EXPECT_THAT(shown(early), ElementsAre("one", "two", "three"));
  flip(raw_frame(1, "one").size() + 30);
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("one", "! corruption"));
  EXPECT_THAT(shown(follower), ElementsAre("! corruption"));
  flip(raw_frame(1, "one").size() + 30);
  EXPECT_THAT(shown(follower), ElementsAre("two", "three"));
}

TEST_F(FollowerOfALog, FollowsTheDirectoryThatHasGotTheNameOfItsOwn) {
  const auto write = [&](std::initializer_list<const char*> payloads) {
    RecordLog log = store_.open();
    for (const char* payload : payloads) must(log.append(payload, {.sync = true}));
  };
  write({"one", "two"});
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("one", "two"));
  std::filesystem::rename(store_.path(), store_.beside("old"));
  EXPECT_THAT(shown(follower), IsEmpty());
  write({"one", "another"});
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost().cause, LostRecords::Cause::replaced);
  EXPECT_THAT(shown(follower), ElementsAre("one", "another"));
  write({"more"});
  EXPECT_EQ(must(follower.lag()).records, 1U);
  EXPECT_TRUE(must(follower.wait(0ms)));
  EXPECT_THAT(shown(follower), ElementsAre("more"));
}

TEST_F(FollowerOfALog, WaitsForEverIfAskedTo) {
  RecordLog log = store_.open();
  Follower follower = follow();
  EXPECT_THAT(shown(follower), IsEmpty());
  std::thread writer([&] { must(log.append("one", {.sync = true})); });
  EXPECT_TRUE(must(follower.wait(std::chrono::milliseconds::max())));
  writer.join();
}

TEST_F(FollowerOfALog, RefusesACursorFileInTheStore) {
  (void)store_.open();
  for (const char* name : {"cursor", "00000009.dwal", "../store/cursor"}) {
    EXPECT_TRUE(refused(Follower::open(store_.path(), {.cursor_file = store_.path() / name}), Errc::invalid_argument));
  }
}

TEST_F(FollowerOfALog, GoesOnWhereItsCursorFileSays) {
  const TemporaryDirectory scratch;
  const FollowerOptions noted{.cursor_file = scratch.path() / "cursor"};
  RecordLog log = store_.open();
  must(log.append("one"));
  must(log.append("two", {.sync = true}));
  {
    Follower follower = follow(noted);
    must(follower.next());
    must(follower.save());
  }
  Follower follower = follow(noted);
  EXPECT_THAT(shown(follower), ElementsAre("two"));
}

TEST_F(FollowerOfALog, RefusesACursorFileThatIsNone) {
  const TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "cursor";
  (void)store_.open();
  const std::string rest = "undecided 0 0 0\ntold 0\n";
  for (const std::string& text :
       {std::string(), std::string("last -\n"), std::string("last -\nbase -\n"), "last -\nbase -\n" + rest + "\n",
        "last 1:2\nbase -\n" + rest, "base -\nlast -\n" + rest, "last 1:0:31:1:00000000\nbase -\n" + rest + "x",
        std::string("last -\nbase -\nundecided 0 0\ntold 0\n"),
        std::string("last -\nbase -\nundecided 0 0 0 0\ntold 0\n"),
        std::string("last -\nbase -\nundecided 0 0 0\ntold -1\n"),
        std::string("last -\nbase -\nundecided 0 0 0\ntold \n"),
        std::string("last -\nbase -\nundecided 0 0 0\ntold --\n"),
        std::string("last -\nbase -\nundecided 5 100 7\ntold 0\n"), "last -\nbase 1:0:31:1:00000000\n" + rest,
        "last 1:0:31:1:00000000\nbase 1:0:31:2:00000000\n" + rest, "last 1:0:31:1:00000000\nbase -\n" + rest}) {
    write_file(file, text);
    EXPECT_TRUE(refused(Follower::open(store_.path(), {.cursor_file = file}), Errc::invalid_argument)) << text;
  }
}

TEST_F(FollowerOfALog, SavesNothingWithoutACursorFile) {
  (void)store_.open();
  Follower follower = follow();
  EXPECT_TRUE(refused(follower.save(), Errc::invalid_argument));
}

TEST_F(FollowerOfALog, SaysHowFarItIsBehind) {
  RecordLog log = store_.open();
  must(log.append("one"));
  must(log.append("two", {.sync = true}));
  Follower follower = follow();
  must(follower.next());
  const FollowerLag lag = must(follower.lag());
  EXPECT_EQ(lag.txids, 1U);
  EXPECT_EQ(lag.records, 1U);
  EXPECT_EQ(lag.bytes, raw_frame(2, "two").size());
  must(follower.next());
  EXPECT_EQ(must(follower.lag()).records, 0U);
}

TEST_F(FollowerOfALog, SaysHowFarItIsBehindWhatWasAppendedSinceAndShowsIt) {
  RecordLog log = store_.open();
  must(log.append("one", {.sync = true}));
  Follower follower = follow();
  EXPECT_THAT(shown(follower), ElementsAre("one"));
  must(log.append("two"));
  EXPECT_EQ(must(follower.lag()).records, 0U) << "it is not durable";
  must(log.append("three", {.sync = true}));
  EXPECT_EQ(must(follower.lag()).records, 2U);
  EXPECT_THAT(shown(follower), ElementsAre("two", "three"));
}

TEST_F(FollowerOfALog, IsBehindAllOfAShorterStoreThatTookThePlace) {
  const TemporaryDirectory scratch;
  const FollowerOptions noted{.cursor_file = scratch.path() / "cursor"};
  {
    RecordLog log = store_.open();
    for (const char* payload : {"one", "two", "three"}) must(log.append(payload, {.sync = true}));
    Follower follower = follow(noted);
    EXPECT_EQ(shown(follower).size(), 3U);
    must(follower.save());
  }
  std::filesystem::rename(store_.path(), store_.beside("old"));
  RecordLog log = store_.open();
  must(log.append("another", {.sync = true}));
  Follower follower = follow(noted);
  for (int times = 0; times < 2; ++times) {
    const FollowerLag lag = must(follower.lag());
    EXPECT_EQ(lag.records, 1U);
    EXPECT_EQ(lag.txids, 1U);
    EXPECT_EQ(lag.bytes, raw_frame(1, "another").size());
  }
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(must(follower.lag()).records, 1U);
  EXPECT_THAT(shown(follower), ElementsAre("another"));
  EXPECT_EQ(must(follower.lag()).records, 0U);
}

// What a batch that failed left behind was shown, and the next one differs in its first record alone.
TEST_F(FollowerOfALog, IsToldWhatWasReplacedBeforeARecordThatIsTheSame) {
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "Bob") + raw_frame(3, "same"));
  Follower follower = follow(all_records);
  EXPECT_THAT(shown(follower), ElementsAre("one", "Bob", "same"));
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "Eve") + raw_frame(3, "same") + raw_frame(4, "four"));
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(follower.lost(), (LostRecords{.first_txid = 1, .last_txid = 3, .cause = LostRecords::Cause::replaced}));
  EXPECT_THAT(shown(follower), ElementsAre("one", "Eve", "same", "four"));
}

TEST_F(FollowerOfALog, IsToldTheSameWhereItsCursorFileRemembers) {
  const TemporaryDirectory scratch;
  const FollowerOptions noted{.only_durable = false, .cursor_file = scratch.path() / "cursor"};
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "Bob") + raw_frame(3, "same"));
  {
    Follower follower = follow(noted);
    EXPECT_THAT(shown(follower), ElementsAre("one", "Bob", "same"));
    must(follower.save());
  }
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "Eve") + raw_frame(3, "same"));
  Follower follower = follow(noted);
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_THAT(shown(follower), ElementsAre("one", "Eve", "same"));
}

// More than is compared each time: then at the latest when it has become durable.
TEST_F(FollowerOfALog, IsToldWhatWasReplacedFarBackOnceItIsDurable) {
  const std::string big(600'000, 'x');
  store_.put(1, raw_frame(1, "Bob") + raw_frame(2, big) + raw_frame(3, big));
  Follower follower = follow(all_records);
  EXPECT_THAT(shown(follower), ElementsAre("Bob", big, big));
  store_.put(1, raw_frame(1, "Eve") + raw_frame(2, big) + raw_frame(3, big));
  const RecordLog log = store_.open();
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_THAT(shown(follower), ElementsAre("Eve", big, big));
}

TEST_F(FollowerOfALog, IsToldALossOnceThoughItStartsAnewBeforeTheNextRecord) {
  const TemporaryDirectory scratch;
  const FollowerOptions noted{.cursor_file = scratch.path() / "cursor"};
  RecordLog log = store_.open();
  must(log.append("one"));
  must(log.rotate());
  {
    Follower follower = follow(noted);
    EXPECT_THAT(shown(follower), ElementsAre("one"));
    must(log.append("two"));
    must(log.rotate());
    must(log.append("three", {.sync = true}));
    must(log.drop_segments_before(3));
    EXPECT_TRUE(refused(follower.next(), Errc::place_lost));
    must(follower.save());
  }
  Follower follower = follow(noted);
  EXPECT_THAT(shown(follower), ElementsAre("three"));
}

TEST_F(FollowerOfALog, IsWokenByWhatIsAppended) {
  RecordLog log = store_.open();
  Follower follower = follow();
  EXPECT_THAT(shown(follower), IsEmpty());
  EXPECT_FALSE(must(follower.wait(0ms)));
  std::thread writer([&] { must(log.append("one", {.sync = true})); });
  EXPECT_TRUE(must(follower.wait(60s)));
  writer.join();
  EXPECT_THAT(shown(follower), ElementsAre("one"));
}

}  // namespace
}  // namespace datawal::test
