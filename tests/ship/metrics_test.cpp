// What Prometheus is told.

#include "ship/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ship/ship_fixture.hpp"

namespace datawal::ship {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(ShipMetrics, AreNumbersWithLabels) {
  const std::string text = metrics_text(
      {.shipped = Shipped{.units = 3, .records = 40, .last = 41, .epoch = 2, .floor = 7},
       .reconnects = 5,
       .last_trouble_seconds = 1.5,
       .lag = Metrics::Lag{.durable_txid = 50, .records = 9, .bytes = 900, .seconds = 0.25}},
      "/a \"b\"\n", "S");
  EXPECT_THAT(text, HasSubstr("# TYPE datawal_ship_units_total counter\n"));
  EXPECT_THAT(text, HasSubstr("datawal_ship_stream_txid{store=\"/a \\\"b\\\""));
  for (const char* const line : {"records_total", "epoch", "floor_txid", "lag_records", "lag_bytes", "lag_seconds",
                                 "reconnects_total", "last_error_age_seconds", "durable_txid"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\ndatawal_ship_") + line + "{")) << line;
  }
  EXPECT_THAT(text, HasSubstr("stream=\"S\"} 0.25\n"));
  EXPECT_TRUE(text.ends_with('\n'));
}

TEST(ShipMetrics, TellNothingThatIsNotKnownYet) {
  const std::string text = metrics_text({}, "/a", "S");
  EXPECT_THAT(text, Not(HasSubstr("stream_txid")));
  EXPECT_THAT(text, Not(HasSubstr("lag_")));
  EXPECT_THAT(text, HasSubstr("errors_total"));
}

TEST(ShipLagClock, CountsFromWhenTheOldestThatIsMissingWasSeen) {
  LagClock clock;
  const LagClock::Clock::time_point start{};
  EXPECT_EQ(clock.look(10, 10, start), 0);
  EXPECT_EQ(clock.look(20, 10, start + 5s), 0);
  EXPECT_EQ(clock.look(30, 10, start + 10s), 5);
  EXPECT_EQ(clock.look(30, 20, start + 15s), 5) << "30 since the second 10";
  EXPECT_EQ(clock.look(30, 30, start + 20s), 0);
}

class ShipMetricsFile : public ShipAlone {
 protected:
  [[nodiscard]] std::string text() const {
    try {
      return datawal::test::read_file(at("prom"));
    } catch (const std::exception&) {
      return {};
    }
  }
  [[nodiscard]] bool comes_to(const std::string& line) const {
    for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;) {
      if (text().find(line) != std::string::npos) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

TEST_F(ShipMetricsFile, SaysHowFarItIsAndGoesOnWhileTheServersDoNotAnswer) {
  append(at("log"), 30);
  std::atomic<bool> stop{false};
  ShipOptions with = shipping(at("log"));
  with.once = false;
  with.stop = &stop;
  std::optional<MetricsFile> metrics;
  metrics.emplace(at("prom"), with, 20ms);
  with.on_look = [&](const Shipped& shipped) { metrics->note(shipped); };
  with.on_unit = with.on_look;
  StreamOptions options = mine();
  options.patience = 0s;
  options.stop = &stop;
  options.on_trouble = [&](const std::string&) { metrics->note_trouble(); };
  with.on_trouble = options.on_trouble;
  const std::unique_ptr<Stream> stream = must(Stream::connect(options));
  metrics->watch(stream.get());
  std::thread shipping([&] { (void)run(*stream, with); });
  EXPECT_TRUE(comes_to("lag_records{store=\"" + at("log").string() + "\",stream=\"S\"} 0\n")) << text();
  EXPECT_TRUE(comes_to("records_total{store=\"" + at("log").string() + "\",stream=\"S\"} 30\n")) << text();
  mine_->kill();
  append(at("log"), 5);
  EXPECT_TRUE(comes_to("lag_records{store=\"" + at("log").string() + "\",stream=\"S\"} 5\n")) << text();
  EXPECT_TRUE(comes_to("last_error_age_seconds{")) << text();
  mine_->start();
  EXPECT_TRUE(comes_to("stream_txid{store=\"" + at("log").string() + "\",stream=\"S\"} 35\n")) << text();
  EXPECT_TRUE(comes_to("reconnects_total{store=\"" + at("log").string() + "\",stream=\"S\"} 1\n")) << text();
  stop = true;
  shipping.join();
  metrics->watch(nullptr);
}

TEST_F(ShipMetricsFile, AFileThatCannotBeWrittenIsSaidAtOnce) {
  append(at("log"), 1);
  Process shipper({DATAWAL_SHIP_PROGRAM, "run", at("log").string(), "--server", mine_->url(), "--stream", "S",
                   "--replicas", "1", "--metrics-file", (at("nothing") / "prom").string()});
  EXPECT_EQ(shipper.wait(), 1);
}

}  // namespace
}  // namespace datawal::ship
