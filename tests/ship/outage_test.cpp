// Servers and shippers that die, stand still, are full or cut off.

#include <atomic>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ship/cluster.hpp"
#include "ship/proxy.hpp"
#include "ship/ship_fixture.hpp"
#include "ship/status.hpp"
#include "ship/walk.hpp"
#include "support/mounts.hpp"

namespace datawal::ship {
namespace {

using testing::HasSubstr;

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

// As many parts as there are; killed between any two of them, or within one.
TEST_F(ShipAlone, ARecordOfSixtyMebibytesThoughTheShipperIsKilledBetweenItsParts) {
  {
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.append("before"));
    std::string payload(60 << 20, 'x');
    for (std::size_t n = 0; n < payload.size(); n += 4096) payload[n] = static_cast<char>(n >> 12);
    must(log.append(payload));
    must(log.append("behind"));
    must(log.close());
  }
  const std::vector<std::string> words = {DATAWAL_SHIP_PROGRAM, "run", at("log").string(), "--server", mine_->url(),
                                          "--stream",           "S",   "--replicas",       "1"};
  const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
  std::uint64_t last = 0;
  int between = 0;
  for (int life = 0; life < 4; ++life) {
    Process shipper(words);
    // Some parts more, then at any instant.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (std::uint64_t now = last; now < last + 9 && std::chrono::steady_clock::now() < until;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const Outcome<Stream::End> end = stream->end();
      if (end) now = end->last;
    }
    shipper.end(SIGKILL);
    last = must(stream->end()).last;
    const StreamEnd end = must(find_end(*stream));
    if (end.head && end.head->part_txid == 2) ++between;
  }
  EXPECT_GE(between, 2) << "of four kills";
  ShipOptions with = shipping(at("log"));
  with.unit_bytes = 512 << 10;
  EXPECT_EQ(must(run(*stream, with)).last, 3U);
  expect_whole(at("log"));
}

TEST_F(ShipAlone, GoesOnWhenTheNetworkWasCutForLongerThanItWaits) {
  append(at("log"), 200);
  test::Proxy network(mine_->port());
  ShipOptions with = shipping(at("log"));
  std::thread mender;
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units % 5 == 4) network.reset();
    if (shipped.units != 3) return;
    network.cut();
    mender = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // three times what a publish waits
      network.mend();
    });
  };
  StreamOptions options = mine();
  options.servers = {network.url()};
  const Outcome<Shipped> shipped = run(*must(Stream::connect(options)), with);
  mender.join();
  EXPECT_EQ(must(Outcome<Shipped>(shipped)).last, 200U);
  expect_whole(at("log"));
}

// As it waits for servers that it cannot reach.
TEST_F(ShipAlone, EndsWhenItIsAskedThoughNoServerAnswers) {
  append(at("log"), 50);
  const std::vector<std::string> words = {DATAWAL_SHIP_PROGRAM, "run", at("log").string(), "--server", mine_->url(),
                                          "--stream",           "S",   "--replicas",       "1"};
  (void)must(run(*must(Stream::connect(mine())), shipping(at("log"))));
  append(at("log"), 50);
  mine_->kill();
  Process late(words);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(late.end(SIGTERM), 0) << "before it was connected";
  mine_->start();
  Process running(words);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  mine_->pause();
  append(at("log"), 50);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto asked = std::chrono::steady_clock::now();
  running.send(SIGTERM);
  EXPECT_EQ(running.wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(8)) << "not for ever";
  mine_->go_on();
}

TEST_F(ShipAlone, AStreamAtItsLimitIsSaidAndGoesOnWithMoreRoom) {
  append(at("log"), 2000);
  mine_->kill();
  mine_->configure("", "one", "100KB");
  mine_->start();
  ShipOptions with = shipping(at("log"));
  with.patience = std::chrono::seconds(1);
  int troubles = 0;
  with.on_trouble = [&](const std::string&) { ++troubles; };
  const Outcome<Shipped> full = run(*must(Stream::connect(mine())), with);
  ASSERT_TRUE(fails_with(full, exit_usage));
  EXPECT_THAT(full.error().text, HasSubstr("at their limit"));
  EXPECT_LT(troubles, 20) << "nothing spins";
  mine_->kill();
  mine_->configure("");
  mine_->start();
  EXPECT_EQ(must(run(*must(Stream::connect(mine())), with)).last, 2000U);
  expect_whole(at("log"));
}

class ShipCluster : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v nats-server > /dev/null") != 0) GTEST_SKIP() << "there is no nats-server here";
    servers_ = test::start_cluster(directory_.path());
  }
  [[nodiscard]] StreamOptions stream_options() const {
    StreamOptions options{.servers = {}, .name = "S", .replicas = 3};
    for (const auto& server : servers_) options.servers.push_back(server->url());
    return options;
  }

  datawal::test::TemporaryDirectory directory_;
  std::vector<std::unique_ptr<Server>> servers_;
};

TEST_F(ShipCluster, StatusCountsTheReplicasThatAreBehindAndWithoutAQuorumItWaits) {
  const path dir = directory_.path() / "log";
  const auto append = [&] {
    RecordLog log = must(RecordLog::open(dir));
    must(log.append("record", {.sync = true}));
    must(log.close());
  };
  append();
  const std::unique_ptr<Stream> stream = must(Stream::connect(stream_options()));
  ShipOptions once{.dir = dir, .stream = "S", .once = true};
  EXPECT_EQ(must(run(*stream, once)).last, 1U);
  const auto comes_to = [&](std::uint64_t behind) {
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         std::chrono::steady_clock::now() < until;) {
      const Outcome<Status> status = status_of(*stream, dir, "S");
      if (status && status->replicas_behind == behind) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  };
  EXPECT_TRUE(comes_to(0));
  servers_[0]->kill();
  append();
  EXPECT_EQ(must(run(*stream, once)).last, 2U) << "two of three are a quorum";
  EXPECT_TRUE(comes_to(1));
  servers_[1]->kill();
  append();
  std::atomic<int> troubles = 0;
  StreamOptions impatient = stream_options();
  impatient.patience = std::chrono::seconds(2);
  impatient.wait = std::chrono::milliseconds(500);
  once.patience = impatient.patience;
  impatient.on_trouble = [&](const std::string&) { ++troubles; };
  once.on_trouble = impatient.on_trouble;
  const Outcome<std::unique_ptr<Stream>> alone = Stream::connect(impatient);
  EXPECT_TRUE(fails_with(run(**alone, once), exit_usage));
  EXPECT_LT(troubles, 60) << "nothing spins";
  servers_[0]->start();
  servers_[1]->start();
  once.patience = std::chrono::seconds(30);
  EXPECT_EQ(must(run(*stream, once)).last, 3U);
}

// Beside a small filesystem that a child alone sees.
class ShipOnAFullDisk : public ShipAlone {
 protected:
  void SetUp() override {
    if (const std::string reason = datawal::test::why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
    ShipAlone::SetUp();
    std::filesystem::create_directory(at("disk"));
  }
  // What the program says on a disk of so much; its exit status is the last word.
  template <class Fill>
  std::string said(const std::string& command, const std::string& more, Fill fill) const {
    datawal::test::in_child([&] {
      datawal::test::must_leave_mount_namespace();
      datawal::test::mount_tmpfs(at("disk"), "size=512k");
      fill();
      const std::string line = std::string(DATAWAL_SHIP_PROGRAM) + ' ' + command + ' ' + (at("disk") / "kv").string() +
                               " --server " + mine_->url() + " --stream S " + more + " > " + at("said").string() +
                               " 2>&1; echo exit $? >> " + at("said").string() + "; ls -A " + at("disk").string() +
                               " >> " + at("said").string();
      if (std::system(line.c_str()) != 0) throw std::runtime_error("no shell");
    });
    return datawal::test::read_file(at("said"));
  }
};

TEST_F(ShipOnAFullDisk, ARebuildSaysSoAndLeavesNothing) {
  append(at("log"), 10'000);
  ShipOptions with = shipping(at("log"));
  with.unit_bytes = 100'000;
  (void)must(run(*must(Stream::connect(mine())), with));
  const std::string text = said("rebuild", "", [] {});
  EXPECT_THAT(text, HasSubstr("No space left"));
  EXPECT_TRUE(text.ends_with("exit 3\n")) << text;
}

TEST_F(ShipOnAFullDisk, ShipsOnThoughTheHoldCannotBeMovedNorNumbersWritten) {
  const std::string numbers = " --metrics-file " + (at("disk") / "prom").string();
  const std::string text = said("run", "--replicas 1 --once --hold 0 --unit 1024" + numbers, [&] {
    append(at("disk") / "kv", 10);
    const std::string ship = std::string(DATAWAL_SHIP_PROGRAM) + " run " + (at("disk") / "kv").string() +
                             " --replicas 1 --once --stream S --server " + mine_->url() + " > /dev/null";
    if (std::system(ship.c_str()) != 0) throw std::runtime_error("it does not ship");
    append(at("disk") / "kv", 100);
    // More than fits; what is written is the disk's last byte.
    (void)!std::system(("cat /dev/zero > " + (at("disk") / "ballast").string() + " 2> /dev/null").c_str());
  });
  EXPECT_THAT(text, HasSubstr("the hold cannot be moved on"));
  EXPECT_THAT(text, HasSubstr("prom"));
  EXPECT_THAT(text, HasSubstr("last_txid: 110\n"));
  EXPECT_THAT(text, HasSubstr("exit 0\n"));
}

}  // namespace
}  // namespace datawal::ship
