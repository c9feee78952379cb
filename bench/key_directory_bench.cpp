// The key directory by itself: hashes made from numbers, and the address as the key. Every hit depends on the one before,
// so that what is measured is its latency, like that of the floor: one random read of a table as large. Of misses the
// processor foresees that nothing will come of them and goes on: as in a program that looks for many keys.

#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "kv/index/key_directory.hpp"

namespace {

using datawal::kv::KeyDirectory;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t hash_of(std::uint64_t key) noexcept {
  std::uint64_t x = key + 0x9E37'79B9'7F4A'7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBULL;
  return x ^ (x >> 31);
}

/// A random number below `count` (at most 2^32) that cannot be known before `last` is.
std::uint64_t draw(std::uint64_t& state, std::uint64_t last, std::uint64_t count) noexcept {
  state += 0x9E37'79B9'7F4A'7C15ULL + (last & 1);
  return (hash_of(state) >> 32) * count >> 32;
}

std::uint64_t count_of(const benchmark::State& state) { return static_cast<std::uint64_t>(state.range(0)); }

/// The directory with `count` keys, kept from one benchmark to the next.
const KeyDirectory& directory_with(std::uint64_t count) {
  static std::unique_ptr<KeyDirectory> directory;
  if (directory == nullptr || directory->size() != count) {
    directory = std::make_unique<KeyDirectory>();
    for (std::uint64_t key = 0; key < count; ++key) directory->insert(hash_of(key), key);
  }
  return *directory;
}

void find_hit(benchmark::State& state) {
  const std::uint64_t count = count_of(state);
  const KeyDirectory& directory = directory_with(count);
  std::uint64_t seed = 1;
  std::uint64_t found = 0;
  std::uint64_t wrong = 0;
  for (auto _ : state) {
    const std::uint64_t key = draw(seed, found, count);
    const auto candidates = directory.find(hash_of(key));
    found = candidates.addresses().empty() ? ~0ULL : candidates.addresses()[0];
    wrong += found != key ? 1 : 0;
  }
  // Equal tags are rare; more than those would be a bug.
  if (wrong > 100 + static_cast<std::uint64_t>(state.iterations()) / 100) state.SkipWithError("keys not found");
}

void find_miss(benchmark::State& state) {
  const std::uint64_t count = count_of(state);
  const KeyDirectory& directory = directory_with(count);
  std::uint64_t seed = 1;
  std::uint64_t found = 0;
  for (auto _ : state) {
    found = directory.find(hash_of(count + draw(seed, found, count))).addresses().size();
  }
  benchmark::DoNotOptimize(found);
}

/// One random read of a table of as many bytes, on huge pages: what no lookup can be faster than.
void floor_of_find(benchmark::State& state) {
  const std::uint64_t bytes = count_of(state) * 16;
  constexpr std::uint64_t line = 64;
  constexpr std::uint64_t huge_page = 2U << 20;
  void* const room = ::mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return state.SkipWithError("no memory");
#if defined(MADV_HUGEPAGE)
  ::madvise(room, bytes + huge_page, MADV_HUGEPAGE);
#endif
  auto* const table = static_cast<std::uint64_t*>(room);
  const std::uint64_t lines = bytes / line;
  for (std::uint64_t i = 0; i < lines; ++i) table[i * (line / sizeof *table)] = i;
  std::uint64_t seed = 1;
  std::uint64_t found = 0;
  for (auto _ : state) found = table[draw(seed, found, lines) * (line / sizeof *table)];
  benchmark::DoNotOptimize(found);
  ::munmap(room, bytes + huge_page);
}

void insert_all(benchmark::State& state) {
  const std::uint64_t count = count_of(state);
  for (auto _ : state) {
    KeyDirectory directory;
    for (std::uint64_t key = 0; key < count; ++key) directory.insert(hash_of(key), key);
    benchmark::DoNotOptimize(directory.size());
  }
  state.counters["ns_per_insert"] = benchmark::Counter(
      static_cast<double>(count) * 1e-9 * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// As replay does it: the pages of 32 keys are fetched ahead, and each is looked up before it is inserted.
void insert_prefetched(benchmark::State& state) {
  const std::uint64_t count = count_of(state);
  constexpr std::uint64_t batch = 32;
  for (auto _ : state) {
    KeyDirectory directory;
    for (std::uint64_t first = 0; first < count; first += batch) {
      for (std::uint64_t key = first; key < first + batch; ++key) directory.prefetch_for_change(hash_of(key));
      for (std::uint64_t key = first; key < first + batch; ++key) {
        benchmark::DoNotOptimize(directory.find(hash_of(key)).addresses().size());
        directory.insert(hash_of(key), key);
      }
    }
  }
  state.counters["ns_per_insert"] = benchmark::Counter(
      static_cast<double>(count) * 1e-9 * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Time this thread has run, so that what others do on the machine does not count.
std::chrono::nanoseconds thread_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// The longest insert on the way to `count` keys: by the clock, and in this thread's own time.
void longest_insert(benchmark::State& state) {
  const std::uint64_t count = count_of(state);
  for (auto _ : state) {
    KeyDirectory directory;
    Clock::duration longest{};
    std::chrono::nanoseconds longest_own{};
    for (std::uint64_t key = 0; key < count; ++key) {
      const Clock::time_point before = Clock::now();
      const std::chrono::nanoseconds own_before = thread_time();
      directory.insert(hash_of(key), key);
      longest_own = std::max(longest_own, thread_time() - own_before);
      longest = std::max(longest, Clock::now() - before);
    }
    state.counters["longest_us"] = std::chrono::duration<double, std::micro>(longest).count();
    state.counters["longest_own_us"] = std::chrono::duration<double, std::micro>(longest_own).count();
  }
}

/// Anonymous resident memory of this process.
double rss_anon_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) * 1024;
  }
  return 0;
}

/// RssAnon per key, on the way from 1 million keys to `count` at 400 sizes between each doubling.
void memory_per_key(benchmark::State& state) {
  const std::uint64_t count = count_of(state);
  for (auto _ : state) {
    const double before = rss_anon_bytes();
    KeyDirectory directory;
    double worst = 0;
    double worst_at = 0;
    double per_key = 0;
    std::uint64_t next = 1'000'000;
    for (std::uint64_t key = 0; key < count; ++key) {
      directory.insert(hash_of(key), key);
      const std::uint64_t size = key + 1;
      if (size != next && size != count) continue;
      next += std::bit_floor(size) / 400;
      per_key = (rss_anon_bytes() - before) / static_cast<double>(size);
      if (per_key > worst) {
        worst = per_key;
        worst_at = static_cast<double>(size);
      }
    }
    state.counters["bytes_per_key"] = per_key;
    state.counters["worst_bytes_per_key"] = worst;
    state.counters["worst_at_keys"] = worst_at;
  }
}

BENCHMARK(memory_per_key)
    ->Arg(1'000'000)
    ->Arg(1'500'000)
    ->Arg(2'000'000)
    ->Arg(3'000'000)
    ->Arg(5'000'000)
    ->Arg(10'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(floor_of_find)->Arg(1'000'000)->Arg(10'000'000);
BENCHMARK(find_miss)->Arg(1'000'000)->Arg(10'000'000);
BENCHMARK(find_hit)->Arg(1'000'000)->Arg(10'000'000);
BENCHMARK(insert_all)->Arg(1'000'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(insert_prefetched)->Arg(1'000'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(longest_insert)->Arg(10'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
