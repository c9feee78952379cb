// The key/value store by itself, 1,000,000 keys of 16 bytes with values of 100, all in the cache. Beside its rivals:
// bench/peers.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <datawal/datawal.hpp>

#include "scratch.hpp"

namespace {

constexpr std::size_t key_count = 1'000'000;
constexpr std::size_t key_len = 16;
constexpr std::size_t value_len = 100;

// The same in every run, one behind the other: the next one is in the cache before it is needed.
const std::string& keys() {
  static const std::string made = [] {
    std::string text;
    std::mt19937_64 random(20260101);
    char key[key_len + 1];
    for (std::size_t i = 0; i < 2 * key_count; ++i) {
      std::snprintf(key, sizeof key, "%016llx", static_cast<unsigned long long>(random()));
      text.append(key, key_len);
    }
    return text;
  }();
  return made;
}

std::string_view key_at(std::size_t n) { return std::string_view(keys()).substr(n * key_len, key_len); }

const bench::Scratch& scratch() {
  static const bench::Scratch made;
  return made;
}

datawal::DataWal& full_store() {
  static auto db = [] {
    auto opened = datawal::DataWal::open(scratch().path() / "full");
    const std::string value(value_len, 'v');
    for (std::size_t i = 0; i < key_count; ++i) (void)opened->put(key_at(i), value);
    return opened;
  }();
  return *db;
}

void put(benchmark::State& state) {
  const std::string value(value_len, 'v');
  const std::filesystem::path dir = scratch().path() / "put";
  for (auto _ : state) {
    state.PauseTiming();
    std::filesystem::remove_all(dir);
    auto db = datawal::DataWal::open(dir);
    state.ResumeTiming();
    for (std::size_t i = 0; i < key_count; ++i) {
      if (!db->put(key_at(i), value)) state.SkipWithError("put failed");
    }
    state.PauseTiming();
    (void)db->close();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(key_count));
}
BENCHMARK(put)->UseRealTime()->Unit(benchmark::kMillisecond);

// The keys from `first` on in an order that neither the log nor the index has anything to do with.
std::string shuffled(std::size_t first) {
  std::vector<std::size_t> order(key_count);
  std::iota(order.begin(), order.end(), first);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(7));
  std::string text;
  for (const std::size_t n : order) text.append(key_at(n));
  return text;
}

void get(benchmark::State& state, std::size_t first, bool is_there) {
  const datawal::DataWal& db = full_store();
  const std::string wanted = shuffled(first);
  std::size_t i = 0;
  for (auto _ : state) {
    const auto value = db.get(std::string_view(wanted).substr(i * key_len, key_len));
    if (!value || value->has_value() != is_there) state.SkipWithError("wrong answer");
    if (++i == key_count) i = 0;
  }
}
BENCHMARK_CAPTURE(get, hit, 0, true);
BENCHMARK_CAPTURE(get, miss, key_count, false);

// After a clean close; by the calling thread alone, and with a second one.
void open_store(benchmark::State& state) {
  const std::filesystem::path dir = scratch().path() / "open";
  std::filesystem::remove_all(dir);
  {
    auto db = datawal::DataWal::open(dir);
    const std::string value(value_len, 'v');
    for (std::size_t i = 0; i < key_count; ++i) (void)db->put(key_at(i), value);
  }
  for (auto _ : state) {
    auto db = datawal::DataWal::open(dir, {.open_threads = static_cast<std::uint32_t>(state.range(0))});
    if (!db || db->size() != key_count) state.SkipWithError("keys are missing");
    state.counters["directory_bytes_per_key"] = static_cast<double>(db->stats().key_directory_bytes) / key_count;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(key_count));
}
BENCHMARK(open_store)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void compact_to(benchmark::State& state) {
  const std::filesystem::path target = scratch().path() / "compacted";
  datawal::DataWal& db = full_store();
  for (auto _ : state) {
    if (!db.compact_to(target)) state.SkipWithError("compaction failed");
    state.PauseTiming();
    std::filesystem::remove_all(target);
    state.ResumeTiming();
  }
}
BENCHMARK(compact_to)->UseRealTime()->Unit(benchmark::kMillisecond);

void export_jsonl(benchmark::State& state) {
  datawal::DataWal& db = full_store();
  for (auto _ : state) {
    if (!db.export_jsonl(scratch().path() / "all.jsonl")) state.SkipWithError("export failed");
  }
}
BENCHMARK(export_jsonl)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
