// Random gets and scans of full stores, beside what the memory alone needs for them.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>

#include <datawal/datawal.hpp>

#include "timing.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

namespace format = datawal::format;

// The keys in another order, so that neither the stores nor the memory see them as they were put.
std::string shuffled(std::string_view keys) {
  std::vector<std::uint32_t> order(keys.size() / key_len);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::shuffle(order, std::mt19937_64(20260101));
  std::string mixed;
  mixed.reserve(keys.size());
  for (const std::uint32_t n : order) mixed.append(keys.substr(std::size_t{n} * key_len, key_len));
  return mixed;
}

double time_gets(KeyReader& reader, std::string_view keys, std::size_t first, std::int64_t expected, double budget_s) {
  const std::size_t count = keys.size() / key_len;
  std::size_t at = first;
  return time_each(UINT64_MAX, budget_s, 64, [&](std::uint64_t) {
    require(reader.get(keys.substr(at * key_len, key_len)) == expected, "get");
    if (++at == count) at = 0;
  });
}

// Nanoseconds a get, of all threads together.
double time_gets_of(KeyStore& store, unsigned threads, std::string_view keys, std::int64_t expected, double budget_s) {
  std::vector<double> ns(threads);
  std::vector<std::thread> running;
  for (unsigned n = 0; n < threads; ++n) {
    running.emplace_back([&, n] {
      const std::unique_ptr<KeyReader> reader = store.reader();
      ns[n] = time_gets(*reader, keys, keys.size() / key_len / threads * n, expected, budget_s);
    });
  }
  for (std::thread& thread : running) thread.join();
  double a_second = 0;
  for (const double each : ns) a_second += 1e9 / each;
  return 1e9 / a_second;
}

/// What a hit cannot avoid: a slot of a table as large as the key directory, found by a hash of the key, then the record that it
/// names, with its checksum, in a mapping of the store's own file; and a copy of the value.
class TwoDependentReads final : public KeyReader {
 public:
  TwoDependentReads(const std::filesystem::path& file, std::size_t keys) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    require(fd >= 0, "open segment");
    size_ = static_cast<std::size_t>(::lseek(fd, 0, SEEK_END));
    void* at = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
    require(at != MAP_FAILED, "map segment");
    ::close(fd);
    bytes_ = {static_cast<const char*>(at), size_};
    slots_.assign(2 * keys, 0);
    std::string_view rest = bytes_;
    for (format::DecodeOutcome next = format::decode_next(rest); next; next = format::decode_next(rest)) {
      slots_[slot_of(next.record.key)] = static_cast<std::uint64_t>(rest.data() - bytes_.data()) + 1;
      rest.remove_prefix(next.record.len);
    }
    // A slot without a key gets any record.
    std::uint64_t any = 1;
    for (std::uint64_t& slot : slots_) {
      if (slot == 0) slot = any;
      any = slot;
    }
  }
  ~TwoDependentReads() override { ::munmap(const_cast<char*>(bytes_.data()), size_); }

  std::int64_t get(std::string_view key) override {
    const char* from = bytes_.data() + slots_[slot_of(key)] - 1;
    for (std::size_t line = 0; line < 3; ++line) __builtin_prefetch(from + 64 * line);
    std::uint32_t stored = 0;
    std::memcpy(&stored, from + frame - format::crc_len, sizeof stored);
    if (format::crc32c({from, frame - format::crc_len}) != stored) return -1;
    const std::string copy(from + format::header_len + key_len, value_len);
    return static_cast<std::int64_t>(copy.size());
  }

 private:
  static constexpr std::size_t frame = format::header_len + key_len + value_len + format::crc_len;

  [[nodiscard]] std::size_t slot_of(std::string_view key) const {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, key.data(), sizeof a);
    std::memcpy(&b, key.data() + sizeof a, sizeof b);
    const std::uint64_t mixed = (a * 0x9E37'79B9'7F4A'7C15ULL) ^ (b * 0xBF58'476D'1CE4'E5B9ULL);
    return static_cast<std::size_t>((mixed ^ (mixed >> 29)) * 0x94D0'49BB'1331'11EBULL >> 20) % slots_.size();
  }

  std::string_view bytes_;
  std::size_t size_ = 0;
  std::vector<std::uint64_t> slots_;
};

std::string name_of(const char* what, unsigned threads) {
  return std::string("Random get, ") + what + (threads == 1 ? ", 1 thread" : ", 2 threads together");
}
constexpr const char* unit = "ns a get";

struct Sets {
  std::string present, absent;
};

void measure_gets(const Plan& plan, const Contender& contender, KeyStore& store, const Sets& keys, Report& report) {
  for (const unsigned threads : {1U, 2U}) {
    report.add(name_of("hit", threads), contender, unit,
               time_gets_of(store, threads, keys.present, value_len, plan.read_s), false);
    report.add(name_of("miss", threads), contender, unit, time_gets_of(store, threads, keys.absent, -1, plan.read_s),
               false);
  }
}

// Two readers beside one writer that puts a key every 100 µs: more would take a core from them on a small machine.
void measure_beside_writer(const Plan& plan, Contender contender, KeyStore& store, const Sets& keys, Report& report) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::size_t n = 0; !stop.load(std::memory_order_relaxed); ++n) {
      store.put(std::string_view(keys.present).substr(n * key_len, key_len), value());
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  });
  contender.setting += ", beside a writer";
  for (const unsigned threads : {1U, 2U}) {
    report.add(name_of("hit", threads), contender, unit,
               time_gets_of(store, threads, keys.present, value_len, plan.read_s), false);
  }
  stop = true;
  writer.join();
}

void measure_scan(const Contender& contender, KeyStore& store, std::size_t keys, Report& report) {
  const Clock::time_point begin = Clock::now();
  const std::uint64_t seen = store.scan();
  require(seen >= keys, "scan");
  report.add("Scan of all records, warm", contender, "million records a second",
             static_cast<double>(seen) / seconds_since(begin) / 1e6, false);
}

// The floor of a scan: the files in blocks of 256 KiB into one buffer.
void measure_bare_read(const std::filesystem::path& store, std::size_t keys, Report& report) {
  constexpr std::size_t block = 256 * 1024;
  std::vector<char> buffer(block);
  const auto ids = datawal::segment::list_ids(store);
  require(ids.has_value(), "listing segments");
  const Clock::time_point begin = Clock::now();
  for (const std::uint32_t id : *ids) {
    const int fd = ::open(datawal::segment::path(store, id).c_str(), O_RDONLY | O_CLOEXEC);
    require(fd >= 0, "open segment");
    while (::read(fd, buffer.data(), block) > 0) {
    }
    ::close(fd);
  }
  const Contender floor{.name = "floor", .setting = "read(2) of datawal's file"};
  report.add("Scan of all records, warm", floor, "million records a second",
             static_cast<double>(keys) / seconds_since(begin) / 1e6, false);
}

std::uint64_t bytes_below(const std::filesystem::path& dir) {
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (entry.is_regular_file()) sum += entry.file_size();
  }
  return sum;
}

}  // namespace

void fill_stores(const Plan& plan, const Contenders& all) {
  const std::string keys = make_keys(plan.keys, 0);
  for (const Contender& contender : readers_of(all)) {
    std::fprintf(stderr, "filling %s\n", contender.name.c_str());
    contender.open_keys(store_path(plan, contender), plan.keys)->fill(keys, key_len, value());
  }
  ::sync();
}

void measure_reads(const Plan& plan, const Contenders& all, Report& report) {
  const Contenders readers = readers_of(all);
  Sets keys{.present = shuffled(make_keys(plan.keys, 0)), .absent = make_keys(plan.keys, 1)};
  for (const Contender& contender : readers) {
    report.add("Size on disk, after a clean close", contender, "bytes a record of 116",
               static_cast<double>(bytes_below(store_path(plan, contender))) / static_cast<double>(plan.keys), false);
  }
  std::fprintf(stderr, "gets and scans\n");
  std::vector<std::unique_ptr<KeyStore>> stores;
  for (const Contender& contender : readers)
    stores.push_back(contender.open_keys(store_path(plan, contender), plan.keys));
  const std::filesystem::path segments = store_path(plan, readers.front());
  TwoDependentReads floor(datawal::segment::path(segments, 1), plan.keys);
  const Contender floor_of_hit{.name = "floor", .setting = "slot, then record + CRC"};
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    report.add(name_of("hit", 1), floor_of_hit, unit, time_gets(floor, keys.present, 0, value_len, plan.read_s), false);
    for (std::size_t n = 0; n < readers.size(); ++n) {
      measure_gets(plan, readers[n], *stores[n], keys, report);
      measure_scan(readers[n], *stores[n], plan.keys, report);
    }
    measure_bare_read(segments, plan.keys, report);
  }
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    measure_beside_writer(plan, readers.front(), *stores.front(), keys, report);
  }
}

}  // namespace bench
