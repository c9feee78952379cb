// The key/value store beside LevelDB, RocksDB, LMDB and SQLite, and beside the memory it must touch: 1,000,000 keys of
// 16 bytes with values of 100, all in the cache.

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <datawal/datawal.hpp>

#include "peers.hpp"
#include "scratch.hpp"

namespace {

constexpr std::size_t key_count = 1'000'000;
constexpr std::size_t key_len = 16;
constexpr std::size_t value_len = 100;

struct Keys {
  std::vector<std::string> present, absent, shuffled;
};

const Keys& keys() {
  static const Keys made = [] {
    Keys keys;
    std::mt19937_64 random(20260101);  // the same keys in every run
    const auto key = [&random] {
      char text[key_len + 1];
      std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random()));
      return std::string(text, key_len);
    };
    for (std::size_t i = 0; i < key_count; ++i) keys.present.push_back(key());
    for (std::size_t i = 0; i < key_count; ++i) keys.absent.push_back(key());
    keys.shuffled = keys.present;
    std::shuffle(keys.shuffled.begin(), keys.shuffled.end(), random);
    return keys;
  }();
  return made;
}

struct Peer {
  const char* name;
  bench::OpenStore open;
};
constexpr Peer peers[] = {{"datawal", bench::open_datawal},
                          {"leveldb", bench::open_leveldb},
                          {"rocksdb", bench::open_rocksdb},
                          {"lmdb_nosync", bench::open_lmdb},
                          {"sqlite_wal_normal", bench::open_sqlite}};

const bench::Scratch& scratch() {
  static const bench::Scratch made;
  return made;
}

// A store with all keys, made once and kept.
bench::Store& full_store(const Peer& peer) {
  static std::map<std::string, std::unique_ptr<bench::Store>> made;
  std::unique_ptr<bench::Store>& store = made[peer.name];
  if (!store) {
    store = peer.open(scratch().path() / (std::string("full-") + peer.name));
    const std::string value(value_len, 'v');
    for (const std::string& key : keys().present) store->put(key, value);
  }
  return *store;
}

void put(benchmark::State& state, const Peer& peer) {
  const std::string value(value_len, 'v');
  const std::filesystem::path dir = scratch().path() / (std::string("put-") + peer.name);
  for (auto _ : state) {
    state.PauseTiming();
    std::filesystem::remove_all(dir);
    std::unique_ptr<bench::Store> store = peer.open(dir);
    state.ResumeTiming();
    for (const std::string& key : keys().present) store->put(key, value);
    state.PauseTiming();
    store.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(key_count));
}

void get(benchmark::State& state, const Peer& peer, const std::vector<std::string>& wanted, std::int64_t expected) {
  bench::Store& store = full_store(peer);
  std::size_t i = 0;
  for (auto _ : state) {
    if (store.get(wanted[i]) != expected) state.SkipWithError("wrong answer");
    if (++i == wanted.size()) i = 0;
  }
}

// Floor of a hit: what no index that lies outside of the record can avoid, a slot and then the record, each a read that
// depends on the one before; and the copy of the value.
void two_dependent_reads(benchmark::State& state) {
  struct Record {
    char bytes[144];
  };
  static const std::vector<Record> records(key_count);
  static const std::vector<std::uint32_t> slots = [] {
    std::vector<std::uint32_t> order(4 * key_count);  // as large as a directory of 16 bytes a key
    std::mt19937 random(7);
    for (std::uint32_t& slot : order) slot = static_cast<std::uint32_t>(random() % key_count);
    return order;
  }();
  std::uint64_t at = 1;
  for (auto _ : state) {
    at = at * 6364136223846793005ULL + 1442695040888963407ULL;
    const Record& record = records[slots[(at >> 33) % slots.size()]];
    std::string value(record.bytes + 40, value_len);
    at += static_cast<unsigned char>(value[7]);
    benchmark::DoNotOptimize(value.data());
  }
}
BENCHMARK(two_dependent_reads);

void open_store(benchmark::State& state) {
  const std::filesystem::path dir = scratch().path() / "open";
  std::filesystem::remove_all(dir);
  {
    auto db = datawal::DataWal::open(dir);
    const std::string value(value_len, 'v');
    for (const std::string& key : keys().present) (void)db->put(key, value);
  }
  for (auto _ : state) {
    auto db = datawal::DataWal::open(dir);
    if (!db || db->size() != key_count) state.SkipWithError("keys are missing");
    state.counters["directory_bytes_per_key"] = static_cast<double>(db->stats().key_directory_bytes) / key_count;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(key_count));
}
BENCHMARK(open_store)->UseRealTime()->Unit(benchmark::kMillisecond);

datawal::DataWal& plain_store() {
  static auto db = [] {
    auto opened = datawal::DataWal::open(scratch().path() / "plain");
    const std::string value(value_len, 'v');
    for (const std::string& key : keys().present) (void)opened->put(key, value);
    return opened;
  }();
  return *db;
}

void compact_to(benchmark::State& state) {
  const std::filesystem::path target = scratch().path() / "compacted";
  datawal::DataWal& db = plain_store();
  for (auto _ : state) {
    if (!db.compact_to(target)) state.SkipWithError("compaction failed");
    state.PauseTiming();
    std::filesystem::remove_all(target);
    state.ResumeTiming();
  }
}
BENCHMARK(compact_to)->UseRealTime()->Unit(benchmark::kMillisecond);

void export_jsonl(benchmark::State& state) {
  datawal::DataWal& db = plain_store();
  for (auto _ : state) {
    if (!db.export_jsonl(scratch().path() / "all.jsonl")) state.SkipWithError("export failed");
  }
}
BENCHMARK(export_jsonl)->UseRealTime()->Unit(benchmark::kMillisecond);

[[maybe_unused]] const bool registered = [] {
  for (const Peer& peer : peers) {
    const std::string name = peer.name;
    benchmark::RegisterBenchmark(("get_hit/" + name).c_str(), [&peer](benchmark::State& state) {
      get(state, peer, keys().shuffled, static_cast<std::int64_t>(value_len));
    });
    benchmark::RegisterBenchmark(("get_miss/" + name).c_str(),
                                 [&peer](benchmark::State& state) { get(state, peer, keys().absent, -1); });
    benchmark::RegisterBenchmark(("put_1M/" + name).c_str(), [&peer](benchmark::State& state) { put(state, peer); })
        ->Iterations(1)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
