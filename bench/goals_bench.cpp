// The ratios that are goals of their own, each beside what it is a ratio to, in one run and round by round, so that a slow minute
// of the machine falls on both; by the processor time of the calling thread, but for opening and overwriting. What is measured beside
// rivals is in bench/peers, compaction in space_bench.cpp.
//
//   datawal_goals_bench [batch|put|reopened|many|open|overwrite]...     all of them without an argument

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <datawal/datawal.hpp>

#include "scratch.hpp"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// NOLINTBEGIN(misc-new-delete-overloads): the others are built on these
void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* made = std::malloc(size)) return made;
  throw std::bad_alloc();
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, std::size_t) noexcept { std::free(made); }
// NOLINTEND(misc-new-delete-overloads)

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// The processor time of the calling thread: what else the machine does meanwhile is not in it, nor are waits for the disk.
struct OwnClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<OwnClock>;
  static time_point now() {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return time_point(std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec));
  }
};
using datawal::DataWal;

constexpr int rounds = 5;
constexpr std::size_t million = 1'000'000;
constexpr std::size_t key_len = 16;
constexpr std::size_t value_len = 100;
constexpr std::size_t frame_len = datawal::format::frame_len(key_len, value_len);

template <class Timer>
double ns_since(std::chrono::time_point<Timer> begin) {
  return std::chrono::duration<double, std::nano>(Timer::now() - begin).count();
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "goals_bench: %s\n", what.c_str());
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

double median(std::vector<double> samples) {
  std::ranges::sort(samples);
  return samples[samples.size() / 2];
}

void tell(const char* what, double ratio, const char* goal) {
  std::printf("%-72s %6.2f   goal %s\n", what, ratio, goal);
  std::fflush(stdout);
}

// `count` random keys, one behind the other. Those of another seed are others.
std::string make_keys(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string keys;
  char key[key_len + 1];
  for (std::size_t i = 0; i < count; ++i) {
    std::snprintf(key, sizeof key, "%016llx", static_cast<unsigned long long>(random()));
    keys.append(key, key_len);
  }
  return keys;
}
std::string shuffled(std::string_view keys) {
  std::vector<std::uint32_t> order(keys.size() / key_len);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  std::ranges::shuffle(order, std::mt19937_64(7));
  std::string mixed;
  for (const std::uint32_t n : order) mixed.append(keys.substr(std::size_t{n} * key_len, key_len));
  return mixed;
}

// Calls `each` with every key. @return nanoseconds a key
double for_all(std::string_view keys, auto&& each) {
  const auto count = static_cast<double>(keys.size() / key_len);
  const OwnClock::time_point begin = OwnClock::now();
  for (; !keys.empty(); keys.remove_prefix(key_len)) each(keys.substr(0, key_len));
  return ns_since(begin) / count;
}

const std::string& value() {
  static const std::string made(value_len, 'v');
  return made;
}

double time_puts(DataWal& store, std::string_view keys) {
  return for_all(keys, [&](std::string_view key) { must(store.put(key, value())); });
}

double time_batches(DataWal& store, std::string_view keys) {
  constexpr std::size_t together = 100;
  const auto count = static_cast<double>(keys.size() / key_len);
  datawal::Batch batch;
  const OwnClock::time_point begin = OwnClock::now();
  while (!keys.empty()) {
    for (std::size_t n = 0; n < together; ++n, keys.remove_prefix(key_len)) batch.put(keys.substr(0, key_len), value());
    must(store.write(batch));
    batch.clear();
  }
  return ns_since(begin) / count;
}

// Frames with their checksums into mappings that are reserved, in huge pages, and made ready by 2 MiB: what any log must do.
double time_floor(const fs::path& dir, std::string_view keys) {
  constexpr std::size_t segment = 256 << 20;
  constexpr std::size_t huge_page = 2 << 20;
  const auto count = static_cast<double>(keys.size() / key_len);
  double ns = 0;
  std::uint64_t txid = 0;
  fs::create_directories(dir);
  for (int number = 0; !keys.empty(); ++number) {
    const int fd = ::open((dir / std::to_string(number)).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::fallocate(fd, 0, 0, segment) != 0) die("no space for the floor");
    char* const begin = static_cast<char*>(::mmap(nullptr, segment, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    ::madvise(begin, segment, MADV_HUGEPAGE);
    const OwnClock::time_point started = OwnClock::now();
    char* to = begin;
    char* ready = begin;
    for (; !keys.empty() && to + frame_len <= begin + segment; to += frame_len, keys.remove_prefix(key_len)) {
      if (to + frame_len > ready) {
        ::madvise(ready, huge_page, MADV_POPULATE_WRITE);
        ready += huge_page;
      }
      (void)datawal::format::encode(datawal::RecordType::Put, ++txid, keys.substr(0, key_len), value(),
                                    {to, frame_len});
    }
    ns += ns_since(started);
    ::munmap(begin, segment);
    ::close(fd);
  }
  fs::remove_all(dir);
  return ns / count;
}

void batch_and_put(const fs::path& dir, std::size_t count) {
  const std::string keys = make_keys(count, 1);
  std::vector<double> puts, batches, floors;
  for (int round = 0; round < (count > million ? 3 : rounds); ++round) {
    const auto fresh = [&](auto&& timed) {
      const double ns = timed(*std::make_unique<DataWal>(must(DataWal::open(dir))));
      fs::remove_all(dir);
      return ns;
    };
    puts.push_back(fresh([&](DataWal& store) { return time_puts(store, keys); }));
    batches.push_back(fresh([&](DataWal& store) { return time_batches(store, keys); }));
    floors.push_back(time_floor(dir, keys));
  }
  std::printf("%zu M keys: put %.0f ns, write(Batch of 100) %.0f ns a record, mapping + CRC %.0f ns\n", count / million,
              median(puts), median(batches), median(floors));
  tell("write(Batch of 100) a record, of a put", median(batches) / median(puts), "<= 0.6");
  tell("write(Batch of 100) a record, of mapping + CRC", median(batches) / median(floors), "<= 1.4");
  tell("put, of mapping + CRC", median(puts) / median(floors), "<= 1.5");
}

double time_gets(const DataWal& store, std::string_view keys, bool is_there) {
  std::array<char, value_len> room;
  return for_all(keys, [&](std::string_view key) {
    const auto len = store.get(key, room);
    if (!len || len->has_value() != is_there) die("a wrong answer");
  });
}

void reopened(const fs::path& dir, std::size_t count) {
  const std::string keys = make_keys(count, 1);
  const std::string wanted = shuffled(keys).substr(0, million * key_len);
  const std::string absent = make_keys(million, 2);
  struct State {
    const char* name;
    std::vector<double> hits, misses;
  };
  State states[] = {{"after the puts", {}, {}},
                    {"full open, 1 thread", {}, {}},
                    {"full open, 2 threads", {}, {}},
                    {"open with index", {}, {}}};
  const auto look = [&](const DataWal& store, State& state) {
    (void)time_gets(store, wanted, true);  // warm, and what is loaded by and by is
    state.hits.push_back(time_gets(store, wanted, true));
    state.misses.push_back(time_gets(store, absent, false));
  };
  for (int round = 0; round < 3; ++round) {
    const datawal::OpenOptions with_index{.index = {.is_enabled = true}};
    {
      DataWal store = must(DataWal::open(dir, with_index));
      (void)time_puts(store, keys);
      look(store, states[0]);
      must(store.close());
    }
    for (const std::uint32_t threads : {1U, 2U})
      look(must(DataWal::open(dir, {.open_threads = threads})), states[threads]);
    look(must(DataWal::open(dir, with_index)), states[3]);
    fs::remove_all(dir);
  }
  std::printf("%zu M keys:\n", count / million);
  for (const State& state : states) {
    std::printf("  %-22s hit %.0f ns, miss %.0f ns\n", state.name, median(state.hits), median(state.misses));
  }
  tell("get hit after a full open, of that after the puts", median(states[2].hits) / median(states[0].hits), "1");
  tell("get hit after an open with index, of that after the puts", median(states[3].hits) / median(states[0].hits),
       "1");
  tell("get miss after a full open, of that after the puts", median(states[2].misses) / median(states[0].misses), "1");
  tell("get miss, ns", median(states[0].misses), count == million ? "<= 90" : "<= 180");
}

void many(const fs::path& dir) {
  DataWal store = must(DataWal::open(dir));
  const std::string keys = make_keys(million, 1);
  (void)time_puts(store, keys);
  const std::string order = shuffled(keys);
  std::array<char, value_len> room;
  for (const std::size_t together : {4U, 16U, 64U}) {
    std::vector<double> singles, manys;
    std::vector<std::string_view> wanted(together);
    datawal::Values values;
    std::uint64_t made_single = 0, made_many = 0;
    for (int round = 0; round < rounds; ++round) {
      std::uint64_t before = allocations;
      singles.push_back(for_all(order, [&](std::string_view key) {
        const auto len = store.get(key, room);
        if (!len || *len != value_len) die("a wrong answer");
      }));
      made_single = allocations - before;
      std::string_view rest(order);
      rest = rest.substr(0, rest.size() / key_len / together * together * key_len);
      const auto count = static_cast<double>(rest.size() / key_len);
      const OwnClock::time_point begin = OwnClock::now();
      for (bool is_first = true; !rest.empty(); is_first = false) {
        for (std::string_view& key : wanted) {
          key = rest.substr(0, key_len);
          rest.remove_prefix(key_len);
        }
        must(store.multi_get(wanted, values));
        if (!values[together - 1]) die("a wrong answer");
        if (is_first) before = allocations;  // the first one finds how much room it takes
      }
      made_many = allocations - before;
      manys.push_back(ns_since(begin) / count);
    }
    std::printf(
        "%zu keys together: get(key, buffer) %.0f ns with %llu allocations in all, multi_get %.0f ns a key with %llu\n",
        together, median(singles), static_cast<unsigned long long>(made_single), median(manys),
        static_cast<unsigned long long>(made_many));
    tell("multi_get a key, of a get", median(manys) / median(singles), together == 16 ? "<= 0.5" : "(of 16 keys)");
  }
  must(store.close());
  fs::remove_all(dir);
}

void open_full(const fs::path& dir, std::size_t count) {
  {
    DataWal store = must(DataWal::open(dir));
    (void)time_puts(store, make_keys(count, 1));
  }
  for (const std::uint32_t threads : {1U, 2U}) {
    std::vector<double> ns;
    for (int round = 0; round < rounds; ++round) {
      const Clock::time_point begin = Clock::now();
      const DataWal store = must(DataWal::open(dir, {.open_threads = threads}));
      ns.push_back(ns_since(begin) / static_cast<double>(count));
    }
    std::printf("%zu M keys, %u threads: ", count / million, threads);
    tell("open in full, ns a record", median(ns), threads == 2 ? "<= 60" : "(of two)");
  }
  fs::remove_all(dir);
}

std::uint64_t segment_bytes(const fs::path& dir) {
  std::uint64_t bytes = 0;
  std::error_code gone;
  for (fs::directory_iterator at(dir, gone), end; at != end; at.increment(gone)) {
    if (at->path().extension() != ".dwal") continue;
    const std::uint64_t size = at->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

// All keys once, and then five times more, each time in another order.
void overwrite(const fs::path& dir, std::uint64_t max_segment_bytes, double garbage_ratio) {
  std::string keys = make_keys(million, 1);
  double ns[2] = {};
  double most = 0;
  for (const bool compacts : {false, true}) {
    DataWal store = must(
        DataWal::open(dir, {.max_segment_bytes = max_segment_bytes,
                            .auto_compact = {.is_enabled = compacts, .garbage_ratio = garbage_ratio}}));
    (void)time_puts(store, keys);
    std::atomic<bool> is_over{false};
    std::uint64_t most_bytes = 0;
    std::thread watcher([&] {
      while (!is_over) {
        most_bytes = std::max(most_bytes, segment_bytes(dir));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    for (int pass = 0; pass < 5; ++pass) {
      keys = shuffled(keys);
      const Clock::time_point begin = Clock::now();
      (void)time_puts(store, keys);
      ns[compacts ? 1 : 0] += ns_since(begin) / static_cast<double>(million) / 5;
    }
    is_over = true;
    watcher.join();
    if (compacts) most = static_cast<double>(most_bytes) / static_cast<double>(store.stats().live_bytes);
    must(store.close());
    fs::remove_all(dir);
  }
  std::printf(
      "5 overwrites of 1 M keys, segments of %llu MiB, garbage_ratio %.2f: put %.0f ns without auto_compact, %.0f "
      "with\n",
      static_cast<unsigned long long>(max_segment_bytes >> 20), garbage_ratio, ns[0], ns[1]);
  tell("files at the worst moment, of what lives", most, "<= 2");
  tell("put, of that without", ns[1] / ns[0], "<= 1.3");
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Scratch scratch;
  const std::vector<std::string_view> chosen(argv + 1, argv + argc);
  const auto wants = [&chosen](std::string_view name) {
    return chosen.empty() || std::ranges::find(chosen, name) != chosen.end();
  };
  const fs::path dir = scratch.path() / "store";
  if (wants("batch")) batch_and_put(dir, million);
  if (wants("put")) batch_and_put(dir, 10 * million);
  if (wants("reopened")) reopened(dir, million);
  if (wants("reopened")) reopened(dir, 10 * million);
  if (wants("many")) many(dir);
  if (wants("open")) open_full(dir, million);
  if (wants("overwrite")) overwrite(dir, 256 << 20, datawal::AutoCompact{}.garbage_ratio);
  return 0;
}
