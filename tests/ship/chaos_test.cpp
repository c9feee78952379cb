// Three servers, a live writer, a shipper and the network between, of which all but the writer are killed, stand still or are cut at random,
// also for longer than anybody waits. At the end the stream is the
// log. DATAWAL_SHIP_SECONDS says for how long (2 each, unless given).

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/record_log.hpp>

#include "ship/cluster.hpp"
#include "ship/must.hpp"
#include "ship/proxy.hpp"
#include "ship/rebuild.hpp"
#include "ship/shipper.hpp"
#include "support/files.hpp"
#include "support/seed.hpp"

namespace datawal::ship {
namespace {

using std::filesystem::path;
using test::Process;
using test::Server;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class ShipChaos : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v nats-server > /dev/null") != 0) GTEST_SKIP() << "there is no nats-server here";
    servers_ = test::start_cluster(directory_.path());
    for (const auto& server : servers_) network_.push_back(std::make_unique<test::Proxy>(server->port()));
  }

  [[nodiscard]] path at(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] StreamOptions stream_options() const {
    StreamOptions options{.servers = {}, .name = "S", .replicas = 3, .wait = 1000ms, .patience = 60s};
    for (const auto& server : servers_) options.servers.push_back(server->url());
    return options;
  }
  [[nodiscard]] std::vector<std::string> shipper(const path& dir) const {
    std::vector<std::string> words = {program(), "run", dir.string(), "--stream", "S", "--unit", "4096", "--hold", "0"};
    for (const auto& network : network_) words.insert(words.end(), {"--server", network->url()});
    return words;
  }
  // A long run may use a copy, so that a build beside it changes nothing.
  [[nodiscard]] static std::string program() {
    const char* const given = std::getenv("DATAWAL_SHIP_BINARY");
    return given == nullptr ? DATAWAL_SHIP_PROGRAM : given;
  }
  [[nodiscard]] static std::chrono::seconds duration() {
    const char* const given = std::getenv("DATAWAL_SHIP_SECONDS");
    return std::chrono::seconds(given == nullptr ? 2 : std::atoi(given));
  }

  /// `write` writes some, again and again; meanwhile nothing else is spared.
  template <class Write>
  void rage(const path& dir, Write write) {
    std::mt19937_64 random = datawal::test::seeded_random();
    std::atomic<bool> is_over{false};
    std::thread writer([&] {
      while (!is_over) {
        write();
        std::this_thread::sleep_for(5ms);
      }
    });
    Process shipping(shipper(dir));
    const Clock::time_point until = Clock::now() + duration();
    while (Clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 400));
      Server& server = *servers_[random() % servers_.size()];
      const std::uint64_t pause = random() %
                                  (random() % 4 == 0 ? 6000 : 1500);  // now and then longer than anybody waits
      switch (random() % 6) {
        case 0:
          server.kill();
          std::this_thread::sleep_for(std::chrono::milliseconds(random() % 700));
          server.start();
          break;
        case 1:
          server.pause();
          std::this_thread::sleep_for(std::chrono::milliseconds(pause));
          server.go_on();
          break;
        case 2:
          shipping.send(SIGSTOP);
          std::this_thread::sleep_for(std::chrono::milliseconds(pause));
          shipping.send(SIGCONT);
          break;
        case 3:
          for (const auto& network : network_) network->cut();
          std::this_thread::sleep_for(std::chrono::milliseconds(pause));
          for (const auto& network : network_) network->mend();
          break;
        case 4: network_[random() % network_.size()]->reset(); break;
        default:
          deaths_ += shipping.end(SIGKILL) >= 0 ? 1 : 0;
          shipping = Process(shipper(dir));
          break;
      }
      ++blows_;
    }
    is_over = true;
    writer.join();
    shipping.end(SIGKILL);
  }

  Verified ship_the_rest(const path& dir) {
    const std::unique_ptr<Stream> stream = must(Stream::connect(stream_options()));
    (void)must(run(*stream, {.dir = dir, .stream = "S", .once = true}));
    const Verified verified = must(verify(*stream, dir));
    EXPECT_EQ(verified.voids, 0U);
    EXPECT_EQ(verified.not_shipped, 0U);
    (void)must(rebuild(*stream, at("again")));
    EXPECT_EQ(deaths_, 0) << "it goes on by itself, whatever the servers and the network do";
    std::printf("%d blows; %llu records in %llu units, %llu void, %llu foreign\n", blows_,
                static_cast<unsigned long long>(verified.records), static_cast<unsigned long long>(verified.units),
                static_cast<unsigned long long>(verified.voids), static_cast<unsigned long long>(verified.foreign));
    return verified;
  }

  datawal::test::TemporaryDirectory directory_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<test::Proxy>> network_;  // between the shipper and each server
  int blows_ = 0;
  int deaths_ = 0;  // of a shipper that nobody killed
};

TEST_F(ShipChaos, LeavesALogThatComesBackByteForByte) {
  RecordLog log = must(RecordLog::open(at("log"), {.max_segment_bytes = 100'000}));
  int count = 0;
  rage(at("log"), [&] {
    for (int i = 0; i < 20; ++i) must(log.append("record " + std::to_string(count++) + std::string(90, '.')));
    must(log.fsync());
  });
  must(log.close());
  EXPECT_EQ(ship_the_rest(at("log")).records, static_cast<std::uint64_t>(count));
  for (const auto& entry : std::filesystem::directory_iterator(at("log"))) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".dwal") || entry.file_size() == 0) continue;
    EXPECT_TRUE(datawal::test::read_file(entry.path()) == datawal::test::read_file(at("again") / name)) << name;
  }
}

TEST_F(ShipChaos, LeavesTheKeysOfAStoreThatIsCompactedMeanwhile) {
  std::map<std::string, std::string> wanted;
  {
    DataWal kv = must(DataWal::open(
        at("kv"), {.max_segment_bytes = 20'000, .auto_compact = {.is_enabled = true, .garbage_ratio = 0.2}}));
    // The hold is there before anything can be compacted.
    (void)must(run(*must(Stream::connect(stream_options())), {.dir = at("kv"), .stream = "S", .once = true}));
    std::uint64_t count = 0;
    rage(at("kv"), [&] {
      for (int i = 0; i < 20; ++i, ++count) {
        const std::string key = "key" + std::to_string(count * 2'654'435'761 % 97);
        if (count % 7 == 3) {
          must(kv.erase(key));
          wanted.erase(key);
        } else {
          wanted[key] = std::to_string(count) + std::string(60, '.');
          must(kv.put(key, wanted[key]));
        }
      }
      must(kv.fsync());
    });
    const StoreStats stats = kv.stats();
    std::printf("%llu compactions in the background\n", static_cast<unsigned long long>(stats.auto_compact.runs));
    must(kv.close());
  }
  (void)ship_the_rest(at("kv"));
  const DataWalReader again = must(DataWalReader::open(at("again")));
  std::map<std::string, std::string> found;
  must(again.for_each([&](std::string_view key, std::string_view value) { return found.emplace(key, value).second; }));
  EXPECT_EQ(found, wanted);
}

}  // namespace
}  // namespace datawal::ship
