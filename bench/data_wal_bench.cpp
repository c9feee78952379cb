// The key/value store by itself, 1,000,000 keys of 16 bytes with values of 100, all in the cache. Beside its rivals:
// bench/peers.

#include <algorithm>
#include <array>
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

// As get, hit.
void get_into(benchmark::State& state) {
  static const std::string order = shuffled(0);
  std::array<char, value_len> room{};
  const datawal::DataWal& db = full_store();
  std::size_t i = 0;
  for (auto _ : state) {
    auto len = db.get(std::string_view(order).substr(i * key_len, key_len), room);
    if (!len || *len != value_len) state.SkipWithError("wrong answer");
    if (++i == key_count) i = 0;
  }
}
BENCHMARK(get_into);

// As get, hit; 100 keys a call.
void multi_get(benchmark::State& state) {
  constexpr std::size_t together = 100;
  static const std::string order = shuffled(0);
  const datawal::DataWal& db = full_store();
  std::vector<std::string_view> wanted(together);
  datawal::Values values;
  std::size_t i = 0;
  for (auto _ : state) {
    for (std::string_view& key : wanted) {
      key = std::string_view(order).substr(i * key_len, key_len);
      if (++i == key_count) i = 0;
    }
    if (!db.multi_get(wanted, values) || !values[together - 1]) state.SkipWithError("wrong answer");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(together));
}
BENCHMARK(multi_get);

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

// All keys and values, beside what a cursor takes for them: in the order of the log, in that of the keys with the sorting, and in that of
// the keys once a view has sorted them.
void for_each(benchmark::State& state) {
  const datawal::DataWal& db = full_store();
  for (auto _ : state) {
    std::size_t bytes = 0;
    (void)db.for_each([&bytes](std::string_view key, std::string_view value) {
      bytes += key.size() + value.size();
      return true;
    });
    if (bytes != key_count * (key_len + value_len)) state.SkipWithError("keys are missing");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(key_count));
}
BENCHMARK(for_each)->UseRealTime()->Unit(benchmark::kMillisecond);

void walk(benchmark::State& state, datawal::Result<datawal::DataWalCursor> cursor) {
  std::size_t bytes = 0;
  for (auto at = cursor->next(); at && *at; at = cursor->next()) bytes += (*at)->key.size() + (*at)->value.size();
  if (bytes < key_count * key_len) state.SkipWithError("keys are missing");
}

void cursor(benchmark::State& state, const datawal::CursorOptions& options) {
  for (auto _ : state) walk(state, full_store().cursor(options));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(key_count));
}
BENCHMARK_CAPTURE(cursor, log, {.order = datawal::CursorOrder::log})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cursor, key, {})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cursor, keys_only, {.order = datawal::CursorOrder::log, .keys_only = true})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void cursor_of_view(benchmark::State& state) {
  const auto view = full_store().view();
  (void)view->cursor();
  for (auto _ : state) walk(state, view->cursor());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(key_count));
}
BENCHMARK(cursor_of_view)->UseRealTime()->Unit(benchmark::kMillisecond);

void view(benchmark::State& state) {
  for (auto _ : state) {
    if (!full_store().view()) state.SkipWithError("no view");
  }
}
BENCHMARK(view)->UseRealTime()->Unit(benchmark::kMillisecond);

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
