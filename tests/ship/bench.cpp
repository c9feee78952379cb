// datawal_ship_bench [RECORDS]: what shipping costs, on three servers of its own: beside a plain publisher of messages as long, with one
// in flight, in one run. Prints a table; nothing is left behind.

#include <nats/nats.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <datawal/record_log.hpp>

#include "ship/cluster.hpp"
#include "ship/connecting.hpp"
#include "ship/must.hpp"
#include "ship/nats_handles.hpp"
#include "ship/shipper.hpp"
#include "support/files.hpp"

namespace datawal::ship {
namespace {

using namespace std::chrono_literals;
using std::filesystem::path;
using Clock = std::chrono::steady_clock;

constexpr std::size_t payload_bytes = 100;
constexpr std::size_t unit_bytes = 512 << 10;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

struct Cost {
  double seconds = 0;
  long max_rss_kib = 0;
};

// Runs the program to its end.
Cost cost_of(const std::vector<std::string>& words) {
  (void)std::fflush(stdout);
  const Clock::time_point began = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(126);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
  }
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(words.at(1) + " failed");
  return {.seconds = seconds_since(began), .max_rss_kib = used.ru_maxrss};
}

class Bench {
 public:
  explicit Bench(std::uint64_t records) : records_(records), servers_(test::start_cluster(directory_.path())) {
    for (const auto& server : servers_) urls_.push_back(server->url());
    RecordLog log = must(RecordLog::open(at("log")));
    const std::string payload(payload_bytes, 'x');
    for (std::uint64_t n = 0; n < records_; ++n) must(log.append(payload));
    must(log.close());
    for (const auto& entry : std::filesystem::directory_iterator(at("log"))) {
      if (entry.path().extension() == ".dwal") log_bytes_ += entry.file_size();
    }
  }

  void compare() {
    constexpr int rounds = 5;
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
      const double plain = plain_bytes_per_second("P" + std::to_string(round));
      const double seconds = seconds_of_shipping("S" + std::to_string(round));
      const double ours = static_cast<double>(log_bytes_) / seconds;
      ratios.push_back(ours / plain);
      std::printf("ship: %.0f records/s, %.1f MB/s; plain publisher: %.1f MB/s; ratio %.2f\n",
                  static_cast<double>(records_) / seconds, ours / 1e6, plain / 1e6, ratios.back());
    }
    std::ranges::sort(ratios);
    std::printf("ratio to the plain publisher, median of %d: %.2f\n", rounds, ratios[rounds / 2]);
    std::vector<std::string> all = words("run", at("log"), "WHOLE");
    all.emplace_back("--once");
    const Cost whole = cost_of(all);
    std::printf("the program, from its start to its end: %.0f records/s; peak memory %ld MiB\n",
                static_cast<double>(records_) / whole.seconds, whole.max_rss_kib / 1024);
    const Cost again = cost_of(words("rebuild", at("again"), "WHOLE"));
    std::printf("rebuild: %.0f records/s; peak memory %ld MiB\n", static_cast<double>(records_) / again.seconds,
                again.max_rss_kib / 1024);
  }

  // A writer of 10,000 records a second, a sync each 10 ms: from the end of the sync to the acknowledgement of the servers.
  void lag() {
    RecordLog log = must(RecordLog::open(at("live")));
    StreamOptions with = options("LAG");
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::map<std::uint64_t, Clock::time_point> waiting;
    std::vector<double> lags;
    ShipOptions ship{.dir = at("live"), .stream = "LAG", .stop = &stop};
    ship.on_unit = [&](const Shipped& shipped) {
      const Clock::time_point now = Clock::now();
      const std::scoped_lock lock(mutex);
      while (!waiting.empty() && waiting.begin()->first <= shipped.last) {
        lags.push_back(std::chrono::duration<double, std::milli>(now - waiting.begin()->second).count());
        waiting.erase(waiting.begin());
      }
    };
    const std::unique_ptr<Stream> stream = must(Stream::connect(with));
    must(stream->make());
    std::thread shipper([&] { (void)run(*stream, ship); });
    const Clock::time_point began = Clock::now();
    const std::string payload(payload_bytes, 'x');
    std::uint64_t txid = 0;
    for (int batch = 0; batch < 1000; ++batch) {
      std::this_thread::sleep_until(began + batch * 10ms);
      for (int n = 0; n < 100; ++n) txid = must(log.append(payload)).txid;
      must(log.fsync());
      const std::scoped_lock lock(mutex);
      waiting.emplace(txid, Clock::now());
    }
    const double took = seconds_since(began);
    for (int n = 0; n < 500; ++n) {
      std::this_thread::sleep_for(10ms);
      const std::scoped_lock lock(mutex);
      if (waiting.empty()) break;
    }
    stop = true;
    shipper.join();
    std::ranges::sort(lags);
    const auto at_share = [&](double share) {
      return lags.at(static_cast<std::size_t>(share * static_cast<double>(lags.size() - 1)));
    };
    std::printf("lag at %.0f records/s, %zu of 1000 syncs: median %.1f ms, 99%% %.1f ms, most %.1f ms\n",
                100'000 / took, lags.size(), at_share(0.5), at_share(0.99), lags.back());
  }

 private:
  [[nodiscard]] path at(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] StreamOptions options(const std::string& stream) const {
    return {.servers = urls_, .name = stream, .replicas = 3};
  }
  [[nodiscard]] std::vector<std::string> words(const std::string& command, const path& dir,
                                               const std::string& stream) const {
    std::vector<std::string> all = {DATAWAL_SHIP_PROGRAM, command, dir.string(), "--stream", stream};
    for (const std::string& url : urls_) all.insert(all.end(), {"--server", url});
    return all;
  }
  [[nodiscard]] double seconds_of_shipping(const std::string& stream) const {
    const std::unique_ptr<Stream> to = must(Stream::connect(options(stream)));
    must(to->make());
    const Clock::time_point began = Clock::now();
    (void)must(run(*to, {.dir = at("log"), .stream = stream, .once = true}));
    return seconds_since(began);
  }
  // The engine's own publisher: as many bytes in messages as long, the next one when the one before is acknowledged.
  [[nodiscard]] double plain_bytes_per_second(const std::string& stream) const {
    must(must(Stream::connect(options(stream)))->make());
    const Connection connection = must(connect_to_servers(options(stream)));
    jsCtx* made = nullptr;
    if (natsConnection_JetStream(&made, connection.get(), nullptr) != NATS_OK) throw std::runtime_error("no JetStream");
    const Context context(made);
    const std::string subject = "datawal." + stream;
    const std::string body(unit_bytes, 'x');
    const std::uint64_t count = log_bytes_ / unit_bytes;
    const Clock::time_point began = Clock::now();
    for (std::uint64_t n = 0; n < count; ++n) {
      if (js_Publish(nullptr, context.get(), subject.c_str(), body.data(), static_cast<int>(body.size()), nullptr,
                     nullptr) != NATS_OK)
        throw std::runtime_error("publish");
    }
    return static_cast<double>(count * unit_bytes) / seconds_since(began);
  }

  datawal::test::TemporaryDirectory directory_;
  std::uint64_t records_ = 0;
  std::vector<std::unique_ptr<test::Server>> servers_;
  std::vector<std::string> urls_;
  std::uint64_t log_bytes_ = 0;
};

}  // namespace
}  // namespace datawal::ship

int main(int argc, char** argv) {
  try {
    datawal::ship::Bench bench(argc > 1 ? std::stoull(argv[1]) : 500'000);
    bench.compare();
    bench.lag();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "datawal_ship_bench: %s\n", error.what());
    return 1;
  }
}
