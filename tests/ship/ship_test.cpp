// Stores are shipped to a real server, and come out of it again: exactly once, in order, byte for byte.

#include <nats/nats.h>

#include <atomic>
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/format.hpp>
#include <datawal/record_log.hpp>

#include "ship/claim.hpp"
#include "ship/must.hpp"
#include "ship/rebuild.hpp"
#include "ship/server.hpp"
#include "ship/shipper.hpp"
#include "ship/status.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {
namespace {

using std::filesystem::path;
using test::Process;
using test::Server;
using testing::HasSubstr;

template <class T>
[[nodiscard]] testing::AssertionResult fails_with(const Outcome<T>& outcome, Exit exit) {
  if (outcome) return testing::AssertionFailure() << "it succeeded";
  if (outcome.error().exit == exit) return testing::AssertionSuccess();
  return testing::AssertionFailure() << outcome.error().exit << ": " << outcome.error().text;
}

std::map<std::string, std::string> segments_of(const path& dir) {
  std::map<std::string, std::string> segments;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".dwal")) continue;
    std::string bytes = datawal::test::read_file(entry.path());
    if (!bytes.empty()) segments[name] = std::move(bytes);
  }
  return segments;
}

class Ship : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::system("command -v nats-server > /dev/null") != 0) return;
    folder_ = new datawal::test::TemporaryDirectory();
    server_ = new Server(folder_->path() / "server");
  }
  static void TearDownTestSuite() {
    delete std::exchange(server_, nullptr);
    delete std::exchange(folder_, nullptr);
  }
  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << "there is no nats-server here";
  }

  [[nodiscard]] path at(const std::string& name) const { return directory_.path() / name; }

  [[nodiscard]] StreamOptions stream_options() const {
    return {.servers = {server_->url()}, .name = stream_name_, .replicas = 1};
  }
  [[nodiscard]] std::unique_ptr<Stream> connect() const { return must(Stream::connect(stream_options())); }
  [[nodiscard]] ShipOptions options(const path& dir) const {
    return {
        .dir = dir, .stream = stream_options().name, .unit_bytes = 2048, .hold = std::chrono::seconds(0), .once = true};
  }
  Outcome<Shipped> ship(const path& dir) const { return run(*connect(), options(dir)); }

  // So many records of some 100 bytes, durable.
  static void append(const path& dir, int count, const std::string& what = "record") {
    RecordLog log = must(RecordLog::open(dir, {.max_segment_bytes = 10'000}));
    for (int i = 0; i < count; ++i) must(log.append(what + ' ' + std::to_string(i) + std::string(80, '.')));
    must(log.close());
  }

  static inline datawal::test::TemporaryDirectory* folder_ = nullptr;
  static inline Server* server_ = nullptr;
  static inline int count_ = 0;
  const std::string stream_name_ = "T" + std::to_string(++count_);
  datawal::test::TemporaryDirectory directory_;
};

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

TEST_F(Ship, AForkIsRefused) {
  append(at("log"), 10);
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 5, "one");
  append(at("copy"), 5, "another");
  (void)must(ship(at("log")));
  const Outcome<Shipped> shipped = ship(at("copy"));
  EXPECT_FALSE(shipped) << "it never shipped there";
  EXPECT_TRUE(fails_with(verify(*connect(), at("copy")), exit_other_history));
  // A copy of all, the hold too.
  std::filesystem::remove_all(at("copy"));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 5, "one");
  append(at("copy"), 5, "another");
  (void)must(ship(at("log")));
  EXPECT_TRUE(fails_with(ship(at("copy")), exit_other_history));
}

TEST_F(Ship, AnOlderCopyIsRefused) {
  append(at("log"), 10);
  (void)must(ship(at("log")));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 5);
  (void)must(ship(at("log")));
  const Outcome<Shipped> shipped = ship(at("copy"));
  ASSERT_TRUE(fails_with(shipped, exit_other_history));
  EXPECT_THAT(shipped.error().text, HasSubstr("Rebuild a store from the stream"));
}

TEST_F(Ship, AStoreWithoutItsBeginningOnlyIfThatIsSaid) {
  append(at("log"), 300);
  {
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.drop_segments_before(3));
    must(log.close());
  }
  EXPECT_TRUE(fails_with(ship(at("log")), exit_other_history));
  ShipOptions with = options(at("log"));
  with.from_here = true;
  EXPECT_GT(must(run(*connect(), with)).records, 0U);
  const Rebuilt rebuilt = must(rebuild(*connect(), at("again")));
  EXPECT_GT(rebuilt.floor, 0U);
  EXPECT_EQ(segments_of(at("again")), segments_of(at("log")));
}

TEST_F(Ship, LeavesWhatIsThereAlone) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  std::filesystem::create_directory(at("there"));
  EXPECT_TRUE(fails_with(rebuild(*connect(), at("there")), exit_usage));
  EXPECT_TRUE(std::filesystem::is_empty(at("there")));
}

class ShipAlone : public Ship {
 protected:
  void SetUp() override {
    Ship::SetUp();
    if (server_ != nullptr) mine_.emplace(at("server"), more_);
  }
  [[nodiscard]] StreamOptions mine(const std::string& who = {}) const {
    return {.servers = {mine_->url(who)}, .name = "S", .replicas = 1, .wait = std::chrono::milliseconds(500)};
  }
  [[nodiscard]] ShipOptions shipping(const path& dir) const {
    return {.dir = dir, .stream = "S", .unit_bytes = 2048, .hold = std::chrono::seconds(0), .once = true};
  }
  void expect_whole(const path& dir) const {
    const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
    EXPECT_EQ(must(verify(*stream, dir)).voids, 0U);
    (void)must(rebuild(*stream, at("again")));
    EXPECT_EQ(segments_of(at("again")), segments_of(dir));
  }

  std::string more_{};
  std::optional<Server> mine_;
};

TEST_F(ShipAlone, GoesOnWhenTheServerWasKilledInBetween) {
  append(at("log"), 600);
  int kills = 0;
  ShipOptions with = shipping(at("log"));
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units % 8 != 3) return;
    mine_->kill();
    mine_->start();
    ++kills;
  };
  const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
  EXPECT_EQ(must(run(*stream, with)).last, 600U);
  EXPECT_GE(kills, 3);
  expect_whole(at("log"));
}

TEST_F(ShipAlone, GoesOnWhenTheServerStoodStillForLongerThanItWaits) {
  append(at("log"), 200);
  ShipOptions with = shipping(at("log"));
  std::thread waker;
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units != 3) return;
    mine_->pause();
    waker = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // three times what a publish waits
      mine_->go_on();
    });
  };
  const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
  const Outcome<Shipped> shipped = run(*stream, with);
  waker.join();
  EXPECT_EQ(must(Outcome<Shipped>(shipped)).last, 200U);
  expect_whole(at("log"));
}

// The writer and the shipper die again and again, at any instant.
TEST_F(ShipAlone, NothingIsLostOrDoubledThoughTheShipperIsKilled) {
  std::mt19937 random(20'261'130);
  const std::vector<std::string> words = {
      DATAWAL_SHIP_PROGRAM, "run", at("log").string(), "--server", mine_->url(), "--stream", "S",
      "--replicas",         "1",   "--unit",           "1024",     "--hold",     "0"};
  append(at("log"), 50);
  for (int life = 0; life < 25; ++life) {
    Process shipper(words);
    append(at("log"), 40, "life " + std::to_string(life));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
    shipper.end(SIGKILL);
  }
  const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
  EXPECT_EQ(must(run(*stream, shipping(at("log")))).last, 50U + 25U * 40U);
  expect_whole(at("log"));
}

TEST_F(ShipAlone, TheProgramEndsBehindTheUnitInFlightWhenItIsAsked) {
  append(at("log"), 200);
  Process shipper(
      {DATAWAL_SHIP_PROGRAM, "run", at("log").string(), "--server", mine_->url(), "--stream", "S", "--replicas", "1"});
  const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (;;) {
    const Outcome<StreamEnd> end = find_end(*stream);
    if (end && end->head && end->head->last == 200) break;
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "it ships nothing";
  }
  EXPECT_EQ(shipper.end(SIGTERM), 0);
}

class ShipWithAPassword : public ShipAlone {
 protected:
  ShipWithAPassword() { more_ = "authorization { user: u, password: right }\n"; }
};

TEST_F(ShipWithAPassword, SaysThatItIsWrong) {
  const Outcome<std::unique_ptr<Stream>> refused = Stream::connect(mine("u:wrong@"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, exit_usage);
  EXPECT_THAT(refused.error().text, testing::AnyOf(HasSubstr("uthorization"), HasSubstr("uthentication")));
  EXPECT_TRUE(Stream::connect(mine("u:right@")));
}

// A certificate that the server and, if it is asked for, the shipper show; signed by itself.
class ShipOverTls : public ShipAlone {
 protected:
  void SetUp() override {
    const std::string in = directory_.path().string();
    const std::string make =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
        " -keyout " +
        in + "/key -out " + in + "/cert > " + in + "/said 2>&1";
    if (std::system(make.c_str()) != 0) GTEST_SKIP() << "there is no openssl here";
    more_ = "tls { cert_file: \"" + in + "/cert\", key_file: \"" + in + "/key\", ca_file: \"" + in +
            "/cert\", verify: true }\n";
    ShipAlone::SetUp();
  }
};

TEST_F(ShipOverTls, ShowsAndWantsCertificates) {
  StreamOptions options = mine();
  options.patience = std::chrono::seconds(2);
  const Outcome<std::unique_ptr<Stream>> plain = Stream::connect(options);
  ASSERT_TRUE(fails_with(plain, exit_usage)) << "nothing in the clear";
  EXPECT_THAT(plain.error().text, HasSubstr("no server lets us in"));
  options.tls_ca = (directory_.path() / "cert").string();
  EXPECT_TRUE(fails_with(Stream::connect(options), exit_usage)) << "it shows none";
  options.tls_cert = options.tls_ca;
  options.tls_key = (directory_.path() / "key").string();
  append(at("log"), 20);
  const std::unique_ptr<Stream> stream = must(Stream::connect(options));
  EXPECT_EQ(must(run(*stream, shipping(at("log")))).records, 20U);
  EXPECT_EQ(must(verify(*stream, at("log"))).compared, 20U);
  options.tls_ca = (directory_.path() / "nothing").string();
  EXPECT_TRUE(fails_with(Stream::connect(options), exit_usage)) << "a file that is not there";
}

class ShipWithoutJetStream : public testing::Test {};

TEST_F(ShipWithoutJetStream, SaysThatNoServerAnswers) {
  const Outcome<std::unique_ptr<Stream>> refused = Stream::connect(
      {.servers = {"nats://127.0.0.1:" + std::to_string(test::free_port())}, .patience = std::chrono::seconds(1)});
  EXPECT_TRUE(fails_with(refused, exit_usage));
}

}  // namespace
}  // namespace datawal::ship
