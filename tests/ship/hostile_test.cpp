// What others do to a stream or to a store, by mistake or on purpose, while it is shipped.

#include <nats/nats.h>

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ship/connecting.hpp"
#include "ship/nats_handles.hpp"
#include "ship/ship_fixture.hpp"
#include "ship/status.hpp"
#include "ship/takeover.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ShipHostile : public ShipAlone {
 protected:
  // As any client that may publish there.
  void publish(const std::string& body, const std::string& header = {}) const {
    const Connection connection = must(connect_to_servers(mine()));
    natsMsg* made = nullptr;
    ASSERT_EQ(natsMsg_Create(&made, "datawal.S", nullptr, body.data(), static_cast<int>(body.size())), NATS_OK);
    const Msg message(made);
    if (!header.empty()) {
      ASSERT_EQ(natsMsgHeader_Set(made, unit_header, header.c_str()), NATS_OK);
    }
    ASSERT_EQ(natsConnection_PublishMsg(connection.get(), made), NATS_OK);
    ASSERT_EQ(natsConnection_Flush(connection.get()), NATS_OK);
  }
  void delete_stream() const {
    const Connection connection = must(connect_to_servers(mine()));
    jsCtx* made = nullptr;
    ASSERT_EQ(natsConnection_JetStream(&made, connection.get(), nullptr), NATS_OK);
    const Context context(made);
    ASSERT_EQ(js_DeleteStream(context.get(), "S", nullptr, nullptr), NATS_OK);
  }
  Outcome<Shipped> ship(const path& dir) const { return run(*must(Stream::connect(mine())), shipping(dir)); }
  [[nodiscard]] std::vector<std::string> words(const path& dir) const {
    return {DATAWAL_SHIP_PROGRAM, "run", dir.string(), "--server", mine_->url(), "--stream", "S",
            "--replicas",         "1",   "--unit",     "1024",     "--hold",     "0"};
  }
  [[nodiscard]] bool comes_to(std::uint64_t last) const {
    const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
    for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;) {
      const Outcome<StreamEnd> end = find_end(*stream);
      if (end && end->head && end->head->last == last) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
};

TEST_F(ShipHostile, MessagesOfOthersAreNoUnitsWhateverTheySay) {
  append(at("log"), 20);
  (void)must(ship(at("log")));
  const std::unique_ptr<Stream> stream = must(Stream::connect(mine()));
  const std::string good = header_of(*must(newest_unit(*stream)));
  publish("hello");
  publish("", std::string(60'000, ' '));
  publish("", std::string(60'000, '9'));
  publish("", good);  // the last one again, without its body
  publish("x", good + " 1");
  publish(std::string(100'000, '\0'), good);
  append(at("log"), 20);
  EXPECT_EQ(must(ship(at("log"))).last, 40U);
  const Verified verified = must(verify(*stream, at("log")));
  EXPECT_EQ(verified.compared, 40U);
  EXPECT_EQ(verified.foreign + verified.voids, 6U);
  (void)must(rebuild(*stream, at("again")));
  EXPECT_EQ(segments_of(at("again")), segments_of(at("log")));
}

TEST_F(ShipHostile, MessagesOfOthersBetweenTwoUnitsOfARunningOne) {
  append(at("log"), 200);
  ShipOptions with = shipping(at("log"));
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units % 4 == 1) publish("hello");
  };
  EXPECT_EQ(must(run(*must(Stream::connect(mine())), with)).last, 200U);
  const Verified verified = must(verify(*must(Stream::connect(mine())), at("log")));
  EXPECT_EQ(verified.compared, 200U);
  EXPECT_EQ(verified.voids, 0U);
  EXPECT_GE(verified.foreign, 3U);
}

// By mistake: the same unit of systemd on two machines with a shared disk, or a hand beside it.
TEST_F(ShipHostile, TwoShippersOfOneStoreDoubleNothing) {
  append(at("log"), 50);
  Process one(words(at("log")));
  Process other(words(at("log")));
  for (int n = 0; n < 20; ++n) {
    append(at("log"), 25);
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(comes_to(550));
  EXPECT_EQ(one.end(SIGTERM), 0);
  EXPECT_EQ(other.end(SIGTERM), 0);
  expect_whole(at("log"));
}

TEST_F(ShipHostile, AStreamThatIsDeletedUnderARunningOneIsSaidAndBeginsAgain) {
  append(at("log"), 200);
  ShipOptions with = shipping(at("log"));
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units == 3) delete_stream();
  };
  const Outcome<Shipped> gone = run(*must(Stream::connect(mine())), with);
  ASSERT_TRUE(fails_with(gone, exit_usage));
  EXPECT_THAT(gone.error().text, HasSubstr("there is no stream S"));
  // And where somebody makes it again at once.
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units != 3) return;
    delete_stream();
    must(must(Stream::connect(mine()))->make());
  };
  EXPECT_EQ(must(run(*must(Stream::connect(mine())), with)).last, 200U);
  expect_whole(at("log"));
}

// A copy that was restored under a shipper that goes on.
TEST_F(ShipHostile, AnotherHistoryUnderTheNameOfTheStoreIsRefused) {
  append(at("log"), 20);
  (void)must(ship(at("log")));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 20, "one");
  append(at("copy"), 30, "another");
  Process shipper(words(at("log")));
  ASSERT_TRUE(comes_to(40));
  std::filesystem::rename(at("log"), at("aside"));
  std::filesystem::rename(at("copy"), at("log"));
  EXPECT_EQ(shipper.wait(), exit_other_history);
  EXPECT_TRUE(fails_with(ship(at("log")), exit_other_history));
  expect_whole(at("aside"));
}

TEST_F(ShipHostile, AnOlderCopyUnderTheNameOfTheStoreIsRefusedAtTheLatestWhenItGrows) {
  append(at("log"), 20);
  (void)must(ship(at("log")));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 20, "one");
  Process shipper(words(at("log")));
  ASSERT_TRUE(comes_to(40));
  std::filesystem::rename(at("log"), at("aside"));
  std::filesystem::rename(at("copy"), at("log"));
  append(at("log"), 30, "another");
  EXPECT_EQ(shipper.wait(), exit_other_history);
  expect_whole(at("aside"));
}

TEST_F(ShipHostile, ServersThatTakeLessThanBefore) {
  append(at("log"), 1000);
  ShipOptions with = shipping(at("log"));
  with.unit_bytes = 50'000;
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units != 1) return;
    mine_->kill();
    mine_->configure("max_payload: 20000\n");
    mine_->start();
  };
  EXPECT_EQ(must(run(*must(Stream::connect(mine())), with)).last, 1000U);
  expect_whole(at("log"));
}

TEST_F(ShipHostile, ServersThatTakeLessThanThePartsOfARecordThatWasBegun) {
  {
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.append(std::string(200'000, 'x')));
    must(log.close());
  }
  ShipOptions with = shipping(at("log"));
  with.unit_bytes = 50'000;
  with.patience = 1s;
  with.on_unit = [&](const Shipped& shipped) {
    if (shipped.units != 1) return;
    mine_->kill();
    mine_->configure("max_payload: 20000\n");
    mine_->start();
  };
  const Outcome<Shipped> stuck = run(*must(Stream::connect(mine())), with);
  ASSERT_TRUE(fails_with(stuck, exit_usage));
  EXPECT_THAT(stuck.error().text, HasSubstr("max_payload"));
  EXPECT_EQ(must(take_over(*must(Stream::connect(mine())), with)), 2U) << "as it says";
  with.on_unit = {};
  EXPECT_EQ(must(run(*must(Stream::connect(mine())), with)).records, 1U);
  expect_whole(at("log"));
}

TEST_F(ShipHostile, ServersThatTakeAlmostNothingAreRefusedNotGivenByteByByte) {
  append(at("log"), 1);
  mine_->kill();
  mine_->configure("max_payload: 4200\n");
  mine_->start();
  const Outcome<Shipped> refused = run(*must(Stream::connect(mine())), shipping(at("log")));
  ASSERT_TRUE(fails_with(refused, exit_usage));
  EXPECT_THAT(refused.error().text, HasSubstr("max_payload"));
}

}  // namespace
}  // namespace datawal::ship
