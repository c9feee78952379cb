// Both write paths beside their floors: the same bytes by a bare mapping, by write(2), and with a bare fdatasync(2). The floors
// are reserved, made ready and warmed as the library does it; a second thread is alive, as in any program of weight.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <datawal/datawal.hpp>

#include "scratch.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using datawal::RecordLog;
using datawal::WritePath;

constexpr std::size_t segment_bytes = 256 << 20;
constexpr std::size_t huge_page = 2 << 20;

// Atomic operations and locks cost more as soon as a process has two threads.
class SecondThread {
 public:
  SecondThread() : thread_([this] { is_over_.wait(false); }) {}
  ~SecondThread() {
    is_over_ = true;
    is_over_.notify_all();
    thread_.join();
  }

 private:
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

double quantile(std::vector<std::uint32_t>& ns, double share) {
  if (ns.empty()) return 0;
  const auto at = ns.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(ns.size() - 1));
  std::ranges::nth_element(ns, at);
  return *at;
}

std::uint32_t ns_since(Clock::time_point begin) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
}

// A file of one segment, reserved, mapped and made ready in huge pages by 2 MiB.
class BareMapping {
 public:
  explicit BareMapping(const std::filesystem::path& path) : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)) {
    if (fd_ < 0 || fallocate(fd_, 0, 0, segment_bytes) != 0) std::abort();
    begin_ = static_cast<char*>(mmap(nullptr, segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
    madvise(begin_, segment_bytes, MADV_HUGEPAGE);
  }
  ~BareMapping() {
    munmap(begin_, segment_bytes);
    close(fd_);
  }
  char* place(std::size_t len) {
    if (end_ + len > segment_bytes) return nullptr;
    if (end_ + len > ready_) {
      madvise(begin_ + ready_, huge_page, MADV_POPULATE_WRITE);
      ready_ += huge_page;
    }
    return begin_ + std::exchange(end_, end_ + len);
  }

 private:
  int fd_;
  char* begin_;
  std::size_t end_ = 0;
  std::size_t ready_ = 0;
};

// Floor of append and, with more than one frame, of append_batch: encode into the mapping.
void floor_mapping(benchmark::State& state) {
  const SecondThread second;
  const bench::Scratch scratch;
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  const auto frames = static_cast<std::size_t>(state.range(1));
  const std::size_t len = datawal::format::frame_len(0, payload.size());
  auto mapping = std::make_unique<BareMapping>(scratch.path() / "file");
  std::uint64_t txid = 0;
  for (auto _ : state) {
    char* to = mapping->place(frames * len);
    if (to == nullptr) {
      state.PauseTiming();
      mapping.reset();
      mapping = std::make_unique<BareMapping>(scratch.path() / "file");
      to = mapping->place(frames * len);
      state.ResumeTiming();
    }
    for (std::size_t n = 0; n < frames; ++n, to += len) {
      (void)datawal::format::encode(datawal::RecordType::Raw, ++txid, {}, payload, {to, len});
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(floor_mapping)->Args({64, 1})->Args({1024, 1})->Args({64, 100});

// Floor of append of large records: their CRC, and write(2).
void floor_write_and_crc(benchmark::State& state) {
  const bench::Scratch scratch;
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  std::string frame(datawal::format::frame_len(0, payload.size()), '\0');
  const int fd = open((scratch.path() / "file").c_str(), O_WRONLY | O_CREAT, 0600);
  std::size_t written = 0;
  std::uint64_t txid = 0;
  for (auto _ : state) {
    (void)datawal::format::encode(datawal::RecordType::Raw, ++txid, {}, payload, frame);
    if (write(fd, frame.data(), frame.size()) < 0) state.SkipWithError("write failed");
    written += frame.size();
    if (written < segment_bytes) continue;
    state.PauseTiming();
    written = 0;
    if (lseek(fd, 0, SEEK_SET) != 0 || ftruncate(fd, 0) != 0) state.SkipWithError("truncate failed");
    state.ResumeTiming();
  }
  close(fd);
}
BENCHMARK(floor_write_and_crc)->Arg(64)->Arg(1024)->Arg(64 * 1024);

// A log of its own for each segment's worth of bytes, so that rotation is not in the figure.
class FreshLog {
 public:
  explicit FreshLog(WritePath path) : path_(path) { renew(); }
  RecordLog& operator*() { return *log_; }
  void written(benchmark::State& state, std::size_t len) {
    written_ += len;
    if (written_ + 2 * len < segment_bytes) return;
    state.PauseTiming();
    renew();
    state.ResumeTiming();
  }

 private:
  void renew() {
    log_.reset();
    std::filesystem::remove_all(scratch_.path() / "log");
    auto log = RecordLog::open(scratch_.path() / "log", {.write_path = path_});
    if (!log) std::abort();
    log_ = std::make_unique<RecordLog>(std::move(*log));
    written_ = 0;
  }
  bench::Scratch scratch_;
  WritePath path_;
  std::unique_ptr<RecordLog> log_;
  std::size_t written_ = 0;
};

void append_by(benchmark::State& state, WritePath path) {
  const SecondThread second;
  FreshLog log(path);
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    if (!(*log).append(payload)) state.SkipWithError("append failed");
    log.written(state, datawal::format::frame_len(0, payload.size()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(append_by, mapped, WritePath::mapped)->Arg(64)->Arg(1024)->Arg(64 * 1024);
BENCHMARK_CAPTURE(append_by, append, WritePath::append)->Arg(64)->Arg(1024)->Arg(64 * 1024);

// Each append timed by itself, which adds the clock to it; the worst of all is the `max`.
void append_tail_latency(benchmark::State& state) {
  const SecondThread second;
  FreshLog log(WritePath::mapped);
  const std::string payload(64, 'x');
  std::vector<std::uint32_t> ns;
  ns.reserve(1 << 25);
  std::ranges::fill(ns, 0);
  for (auto _ : state) {
    const Clock::time_point begin = Clock::now();
    if (!(*log).append(payload)) state.SkipWithError("append failed");
    if (ns.size() < ns.capacity()) ns.push_back(ns_since(begin));
    log.written(state, datawal::format::frame_len(0, payload.size()));
  }
  state.counters["p50_ns"] = quantile(ns, 0.5);
  state.counters["p99.9_ns"] = quantile(ns, 0.999);
  state.counters["max_ns"] = quantile(ns, 1);
}
BENCHMARK(append_tail_latency);

void append_batch_by(benchmark::State& state, WritePath path) {
  const SecondThread second;
  FreshLog log(path);
  const std::string payload(64, 'x');
  const std::vector<datawal::RecordInput> batch(100, {.payload = payload});
  for (auto _ : state) {
    if (!(*log).append_batch(batch)) state.SkipWithError("append failed");
    log.written(state, 100 * datawal::format::frame_len(0, payload.size()));
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK_CAPTURE(append_batch_by, mapped, WritePath::mapped);
BENCHMARK_CAPTURE(append_batch_by, append, WritePath::append);

// Floor of a synced append: write(2) to the end of a file, and fdatasync(2).
void floor_append_and_sync(benchmark::State& state) {
  const bench::Scratch scratch;
  const std::string frame(92, 'x');
  const int fd = open((scratch.path() / "file").c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<std::uint32_t> ns;
  for (auto _ : state) {
    const Clock::time_point begin = Clock::now();
    if (write(fd, frame.data(), frame.size()) < 0 || fdatasync(fd) != 0) state.SkipWithError("write failed");
    ns.push_back(ns_since(begin));
  }
  close(fd);
  state.counters["p50_us"] = quantile(ns, 0.5) / 1000;
}
BENCHMARK(floor_append_and_sync)->UseRealTime()->Unit(benchmark::kMicrosecond)->MinTime(2);

// Synced appends of many threads: how many in a second, and how long each waits.
void synced_append(benchmark::State& state, WritePath path) {
  const bench::Scratch scratch;
  const auto threads = static_cast<std::size_t>(state.range(0));
  auto log = RecordLog::open(scratch.path() / "log", {.write_path = path});
  if (!log) std::abort();
  const std::string payload(64, 'x');
  constexpr auto period = std::chrono::milliseconds(1500);
  std::vector<std::vector<std::uint32_t>> ns(threads);
  std::int64_t count = 0;
  for (auto _ : state) {
    const Clock::time_point end = Clock::now() + period;
    {
      std::vector<std::jthread> running;
      for (std::vector<std::uint32_t>& own : ns) {
        running.emplace_back([&] {
          for (Clock::time_point begin = Clock::now(); begin < end; begin = Clock::now()) {
            if (!log->append(payload, {.sync = true})) std::abort();
            own.push_back(ns_since(begin));
          }
        });
      }
    }
    for (const std::vector<std::uint32_t>& own : ns) count += static_cast<std::int64_t>(own.size());
  }
  state.SetItemsProcessed(count);
  std::vector<std::uint32_t> all;
  for (const std::vector<std::uint32_t>& own : ns) all.insert(all.end(), own.begin(), own.end());
  state.counters["p50_us"] = quantile(all, 0.5) / 1000;
  state.counters["p99_us"] = quantile(all, 0.99) / 1000;
  state.counters["p99.9_us"] = quantile(all, 0.999) / 1000;
}
BENCHMARK_CAPTURE(synced_append, mapped, WritePath::mapped)
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(synced_append, append, WritePath::append)
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

std::string key_of(std::uint64_t n) {
  std::string key(16, '0');
  n *= 0x9E3779B97F4A7C15;
  for (char& digit : key) digit = "0123456789abcdef"[std::exchange(n, n >> 4) & 15];
  return key;
}

// Puts of new keys, 16 B and 100 B, from an empty store on; then the same keys again. The longest of all has rotations in it.
void put(benchmark::State& state, WritePath path) {
  const SecondThread second;
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  const std::string value(100, 'v');
  std::vector<std::string> names;
  for (std::uint64_t n = 0; n < keys; ++n) names.push_back(key_of(n));
  for (auto _ : state) {
    const bench::Scratch scratch;
    auto store = datawal::DataWal::open(scratch.path() / "kv", {.write_path = path});
    if (!store) std::abort();
    std::uint32_t longest = 0;
    const auto all_once = [&] {
      const Clock::time_point begin = Clock::now();
      Clock::time_point before = begin;
      for (const std::string& name : names) {
        if (!store->put(name, value)) std::abort();
        const Clock::time_point now = Clock::now();
        longest = std::max(longest, static_cast<std::uint32_t>((now - before).count()));
        before = now;
      }
      return static_cast<double>((Clock::now() - begin).count()) / static_cast<double>(keys);
    };
    const Clock::time_point begin = Clock::now();
    state.counters["put_ns"] = all_once();
    state.counters["longest_put_ms"] = longest * 1e-6;
    if (keys <= 1'000'000) {
      state.counters["overwrite_ns"] = all_once();
      const Clock::time_point reading = Clock::now();
      for (std::uint64_t n = 0; n < keys; ++n) benchmark::DoNotOptimize(store->get(names[n * 7919 % keys]));
      state.counters["get_ns"] = static_cast<double>((Clock::now() - reading).count()) / static_cast<double>(keys);
    }
    state.SetIterationTime(static_cast<double>((Clock::now() - begin).count()) * 1e-9);
    (void)store->close();
  }
}
BENCHMARK_CAPTURE(put, mapped, WritePath::mapped)
    ->Arg(1'000'000)
    ->Arg(10'000'000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(put, append, WritePath::append)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
