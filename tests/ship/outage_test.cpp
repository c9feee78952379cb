// Servers and shippers that die, stand still, are full or cut off.

#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ship/ship_fixture.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {
namespace {

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

}  // namespace
}  // namespace datawal::ship
