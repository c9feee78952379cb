// What giving back space costs, and how much of it stays taken: in-place compaction beside `cp` and `sync` of the bytes that
// survive, checkpoints, overwriting under background compaction, and what a put waits meanwhile.
//
//   datawal_space_bench [compact|runs|small|checkpoint|overwrite|latency]...     all of them without an argument

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <datawal/datawal.hpp>

#include "scratch.hpp"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t gib = 1 << 30;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "space_bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T must(datawal::Result<T> result) {
  if (!result) die(result.error().message());
  return std::move(*result);
}
void must(const datawal::Result<void>& result) {
  if (!result) die(result.error().message());
}

std::string key_of(std::uint64_t n) {
  char key[17];
  std::snprintf(key, sizeof key, "%016llx", static_cast<unsigned long long>(n * 0x9E3779B97F4A7C15U));
  return key;
}

std::uint64_t segment_bytes(const fs::path& dir) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(dir)) {
    if (entry.path().extension() == ".dwal") bytes += entry.file_size();
  }
  return bytes;
}

// Looks at the filesystem's free space, files without a name included, until it is stopped.
class LeastFree {
 public:
  explicit LeastFree(fs::path dir)
      : dir_(std::move(dir)), before_(free_bytes()), least_(before_), thread_([this] {
          while (!stop_) {
            least_ = std::min(least_, free_bytes());
            std::this_thread::sleep_for(std::chrono::microseconds(500));
          }
        }) {}

  /// How much less was free than at the beginning, at worst.
  std::uint64_t stop() {
    stop_ = true;
    thread_.join();
    return before_ - std::min(least_, before_);
  }

 private:
  [[nodiscard]] std::uint64_t free_bytes() const {
    struct statvfs info{};
    if (::statvfs(dir_.c_str(), &info) != 0) die("no statvfs");
    return static_cast<std::uint64_t>(info.f_bfree) * info.f_frsize;
  }

  fs::path dir_;
  std::uint64_t before_;
  std::uint64_t least_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// A store of about 1 GiB of which half is dead: keys are put in order, and then half of them erased, in runs of so many.
void make_half_dead(const fs::path& dir, std::size_t value_len, std::uint64_t run) {
  fs::remove_all(dir);
  auto store = must(datawal::DataWal::open(dir));
  const std::string value(value_len, 'v');
  const std::uint64_t keys = gib / datawal::format::frame_len(16, value_len);
  for (std::uint64_t n = 0; n < keys; ++n) must(store.put(key_of(n), value));
  std::mt19937_64 random(1);
  bool is_dead = false;
  for (std::uint64_t n = 0; n < keys; ++n) {
    if (n % run == 0) is_dead = random() % 2 == 0;
    if (is_dead) must(store.erase(key_of(n)));
  }
  must(store.close());
}

void compact(const fs::path& scratch, const char* name, std::size_t value_len, std::uint64_t run) {
  std::vector<double> ratios;
  for (int round = 1; round <= 3; ++round) {
    const fs::path dir = scratch / "store";
    make_half_dead(dir, value_len, run);
    auto store = must(datawal::DataWal::open(dir));
    ::sync();
    LeastFree least_free(dir);
    const auto began = Clock::now();
    must(store.compact({.min_garbage_ratio = 0}));
    const double took = seconds_since(began);
    const std::uint64_t extra = least_free.stop();
    const auto stats = store.stats();
    must(store.close());
    const auto surviving = static_cast<double>(segment_bytes(dir));
    const std::string copy = "cp -r '" + dir.string() + "' '" + (scratch / "copy").string() + "' && sync -f '" +
                             (scratch / "copy").string() + "'";
    ::sync();
    const auto copied = Clock::now();
    if (std::system(copy.c_str()) != 0) die("cp failed");
    const double floor = seconds_since(copied);
    fs::remove_all(scratch / "copy");
    ratios.push_back(floor / took);
    std::printf(
        "%-8s round %d: compact %5.2f s = %4.0f MB/s of what survives; cp + sync %5.2f s = %4.0f MB/s; ratio %3.0f %%;"
        " extra disk %.1f MiB; afterwards %.4f x live\n",
        name, round, took, surviving / took / 1e6, floor, surviving / floor / 1e6, 100 * floor / took,
        static_cast<double>(extra) / mib, surviving / static_cast<double>(stats.live_bytes));
    std::fflush(stdout);
  }
  std::ranges::sort(ratios);
  std::printf("%-8s median ratio %.0f %%\n", name, 100 * ratios[1]);
  fs::remove_all(scratch / "store");
}

void checkpoint(const fs::path& scratch) {
  const fs::path dir = scratch / "store";
  auto store = must(datawal::DataWal::open(dir));
  const std::string value(1000, 'v');
  const std::uint64_t keys = gib / datawal::format::frame_len(16, value.size());
  for (std::uint64_t n = 0; n < keys; ++n) must(store.put(key_of(n), value));
  must(store.compact({.min_garbage_ratio = 1}));  // begins a new segment
  ::sync();
  for (const std::uint64_t active : {std::uint64_t{0}, 64 * mib}) {
    for (std::uint64_t n = 0; n < active / 1044; ++n) must(store.put(key_of(n), value));
    must(store.fsync());
    ::sync();
    std::vector<double> took;
    for (int i = 0; i < 5; ++i) {
      const auto began = Clock::now();
      must(store.checkpoint(scratch / "copy"));
      took.push_back(1e3 * seconds_since(began));
      fs::remove_all(scratch / "copy");
    }
    std::ranges::sort(took);
    std::printf("checkpoint of 1 GiB in %zu segments, %llu MiB of it to copy: median %.1f ms, worst %.1f ms\n",
                static_cast<std::size_t>(store.stats().segments), static_cast<unsigned long long>(active / mib),
                took[2], took[4]);
  }
  must(store.close());
  fs::remove_all(dir);
}

void overwrite(const fs::path& scratch) {
  for (const bool in_order : {true, false}) {
    const fs::path dir = scratch / "store";
    auto store = must(datawal::DataWal::open(dir, {.auto_compact = {.is_enabled = true, .garbage_ratio = 0.5}}));
    constexpr std::uint64_t keys = 1'000'000;
    const std::string value(100, 'v');
    std::vector<std::uint64_t> order(keys);
    for (std::uint64_t n = 0; n < keys; ++n) order[n] = n;
    std::mt19937_64 random(1);
    const auto began = Clock::now();
    std::uint64_t most = 0;
    for (int pass = 0; pass < 5; ++pass) {
      if (!in_order) std::ranges::shuffle(order, random);
      for (const std::uint64_t n : order) must(store.put(key_of(n), value));
      most = std::max(most, segment_bytes(dir));
    }
    const double took = seconds_since(began);
    const std::uint64_t at_once = store.stats().bytes;
    std::this_thread::sleep_for(std::chrono::seconds(8));  // at 64 MiB/s, what was begun comes to its end
    const auto stats = store.stats();
    const auto live = static_cast<double>(stats.live_bytes);
    std::printf(
        "overwrite 1M keys 5 times %s: %.1f s; %.2f x live when the last put returned, %.2f x a little later, files "
        "%.2f x; at most %.2f x at the end of a pass\n",
        in_order ? "in order" : "shuffled", took, static_cast<double>(at_once) / live,
        static_cast<double>(stats.bytes) / live, static_cast<double>(segment_bytes(dir)) / live,
        static_cast<double>(most) / live);
    must(store.close());
    fs::remove_all(dir);
  }
}

struct Percentiles {
  double p50, p99, p999, worst;
};

// Of single puts in nanoseconds, from one thread, as long as `go_on` says so.
Percentiles time_puts(datawal::DataWal& store, const std::function<bool()>& go_on) {
  std::mt19937_64 random(2);
  const std::string value(100, 'w');
  std::vector<std::uint32_t> took;
  took.reserve(20'000'000);
  while (took.size() < took.capacity() && go_on()) {
    const std::string key = key_of(random() % 1'000'000);
    const auto began = Clock::now();
    must(store.put(key, value));
    took.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>((Clock::now() - began).count(), UINT32_MAX)));
  }
  std::ranges::sort(took);
  const auto at = [&took](double share) {
    return static_cast<double>(took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))]);
  };
  return {at(0.5), at(0.99), at(0.999), at(1)};
}

void print(const char* what, const Percentiles& found) {
  std::printf("put %-28s p50 %6.0f ns, p99 %7.0f ns, p99.9 %8.0f ns, worst %7.1f ms\n", what, found.p50, found.p99,
              found.p999, found.worst / 1e6);
}

void latency(const fs::path& scratch) {
  const fs::path dir = scratch / "store";
  make_half_dead(dir, 1000, 1);
  for (const std::uint64_t limit : {std::uint64_t{0}, 64 * mib}) {
    auto store = must(datawal::DataWal::open(dir));
    ::sync();
    std::uint64_t count = 0;
    const Percentiles without = time_puts(store, [&count] { return ++count < 2'000'000; });
    std::atomic<bool> is_compacting{true};
    std::thread compacting([&] {
      must(store.compact({.min_garbage_ratio = 0, .max_bytes_per_second = limit}));
      is_compacting = false;
    });
    const Percentiles with = time_puts(store, [&is_compacting] { return is_compacting.load(); });
    compacting.join();
    print("alone:", without);
    print(limit == 0 ? "beside compact(), unlimited:" : "beside compact(), 64 MiB/s:", with);
    std::printf("p99.9 is %.2f times as long\n", with.p999 / without.p999);
    must(store.close());
    if (limit == 0) make_half_dead(dir, 1000, 1);
  }
  fs::remove_all(dir);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Scratch scratch;
  const std::vector<std::string_view> chosen(argv + 1, argv + argc);
  const auto wants = [&chosen](std::string_view name) {
    return chosen.empty() || std::ranges::find(chosen, name) != chosen.end();
  };
  if (wants("compact")) compact(scratch.path(), "compact", 1000, 1);
  if (wants("runs")) compact(scratch.path(), "runs", 1000, 1000);
  if (wants("small")) compact(scratch.path(), "small", 100, 1);
  if (wants("checkpoint")) checkpoint(scratch.path());
  if (wants("overwrite")) overwrite(scratch.path());
  if (wants("latency")) latency(scratch.path());
  return 0;
}
