// The steps of `--scale`, each the whole life of a process.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>

#include <datawal/datawal.hpp>

#include "scale.hpp"
#include "timing.hpp"

namespace bench {

namespace {

constexpr std::size_t block = 100'000;  // keys made at once
constexpr std::size_t first_gets = 1000;
constexpr double get_s = 1;

void tell(std::string_view figure, double number) {
  std::printf("%.*s\t%.9g\n", static_cast<int>(figure.size()), figure.data(), number);
  std::fflush(stdout);
}

/// The keys of a store of `count`, found by their number, so that none need be kept. Most are put in order, the way that trees like
/// best; the last ones come to lie among them, at random.
class Keys {
 public:
  explicit Keys(std::uint64_t count)
      : late_(std::min<std::uint64_t>(block, count / 10)), early_(count - late_), step_(UINT64_MAX / early_) {}

  [[nodiscard]] std::uint64_t early() const noexcept { return early_; }
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  [[nodiscard]] std::string early_block(std::uint64_t first) const {
    std::string keys;
    for (std::uint64_t i = first; i < std::min(early_, first + block); ++i) append(keys, i * step_);
    return keys;
  }
  [[nodiscard]] std::string late_block() const {
    std::string keys;
    for (std::uint64_t i = 0; i < late_; ++i) append(keys, scattered(i) * step_ + step_ / 2);
    return keys;
  }
  /// `n` of the early ones, at random; those of another `seed` are others.
  [[nodiscard]] std::string some(std::uint64_t n, std::uint64_t seed) const {
    std::string keys;
    for (std::uint64_t i = 0; i < n; ++i) append(keys, scattered(seed * 1'000'003 + i) * step_);
    return keys;
  }

 private:
  static void append(std::string& keys, std::uint64_t number) {
    for (std::size_t digit = 0; digit < key_len; ++digit) keys += "0123456789abcdef"[number >> (60 - 4 * digit) & 15];
  }
  // Numbers below early_, no one twice within early_ of them: a prime times i.
  [[nodiscard]] std::uint64_t scattered(std::uint64_t i) const { return i * 2'654'435'761U % early_; }

  std::uint64_t late_;
  std::uint64_t early_;
  std::uint64_t step_;
};

class StoreReader final : public KeyReader {
 public:
  explicit StoreReader(const datawal::DataWal& db) : db_(db) {}
  std::int64_t get(std::string_view key) override {
    const auto value = db_.get(key);
    require(value.has_value(), "datawal get");
    return *value ? static_cast<std::int64_t>((*value)->size()) : -1;
  }

 private:
  const datawal::DataWal& db_;
};

class Indexed final : public KeyStore {
 public:
  Indexed(const std::filesystem::path& dir, datawal::OpenOptions how) : db_(must(datawal::DataWal::open(dir, how))) {}
  ~Indexed() override { require(db_.close().has_value(), "datawal close"); }
  void put(std::string_view key, std::string_view value) override {
    require(db_.put(key, value).has_value(), "datawal put");
  }
  void fill(std::string_view keys, std::size_t len, std::string_view value) override {
    for (; !keys.empty(); keys.remove_prefix(len)) put(keys.substr(0, len), value);
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<StoreReader>(db_); }
  std::uint64_t scan() override { return db_.size(); }
  void save() { require(db_.save_index().has_value(), "datawal save_index"); }

 private:
  static datawal::DataWal must(datawal::Result<datawal::DataWal> opened) {
    require(opened.has_value(), "datawal open");
    return std::move(*opened);
  }
  datawal::DataWal db_;
};

class Snapshot final : public KeyStore, public KeyReader {
 public:
  Snapshot(const std::filesystem::path& dir, bool uses_index)
      : db_(*datawal::DataWalReader::open(dir, {.uses_index = uses_index})) {}
  void put(std::string_view, std::string_view) override { require(false, "putting by a reader"); }
  void fill(std::string_view, std::size_t, std::string_view) override { require(false, "filling by a reader"); }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Borrowed>(*this); }
  std::uint64_t scan() override { return db_.size(); }
  std::int64_t get(std::string_view key) override {
    const auto value = db_.get(key);
    require(value.has_value(), "datawal get");
    return *value ? static_cast<std::int64_t>((*value)->size()) : -1;
  }

 private:
  struct Borrowed final : KeyReader {
    explicit Borrowed(Snapshot& from) : from_(from) {}
    std::int64_t get(std::string_view key) override { return from_.get(key); }
    Snapshot& from_;
  };
  datawal::DataWalReader db_;
};

class Log final : public KeyStore {
 public:
  Log(const std::filesystem::path& dir, bool has_state)
      : log_(*datawal::RecordLog::open(dir, {.state = {.is_enabled = has_state}})) {}
  ~Log() override { require(log_.close().has_value(), "log close"); }
  void put(std::string_view key, std::string_view value) override {
    require(log_.append_record(datawal::RecordType::Raw, key, value).has_value(), "log append");
  }
  void fill(std::string_view keys, std::size_t len, std::string_view value) override {
    for (; !keys.empty(); keys.remove_prefix(len)) put(keys.substr(0, len), value);
  }
  std::unique_ptr<KeyReader> reader() override { return nullptr; }  // knows no keys
  std::uint64_t scan() override { return log_.last_txid(); }

 private:
  datawal::RecordLog log_;
};

constexpr std::string_view with_index = "datawal, index";
constexpr std::string_view full_open = "datawal, no index";
constexpr std::string_view reader_index = "DataWalReader, index";
constexpr std::string_view reader_full = "DataWalReader, no index";
constexpr std::string_view log_state = "RecordLog, state";
constexpr std::string_view log_full = "RecordLog, no state";

std::unique_ptr<KeyStore> open_store(const Contenders& all, std::string_view name, const std::filesystem::path& dir,
                                     std::size_t keys) {
  if (name == with_index) return std::make_unique<Indexed>(dir, datawal::OpenOptions{.index = {.is_enabled = true}});
  if (name == full_open) return std::make_unique<Indexed>(dir, datawal::OpenOptions{});
  if (name == reader_index) return std::make_unique<Snapshot>(dir, true);
  if (name == reader_full) return std::make_unique<Snapshot>(dir, false);
  if (name == log_state) return std::make_unique<Log>(dir, true);
  if (name == log_full) return std::make_unique<Log>(dir, false);
  for (const Contender& contender : readers_of(all)) {
    if (contender.name == name) return contender.open_keys(dir, keys);
  }
  require(false, "finding store " + std::string(name));
  return nullptr;
}

double ms_since(Clock::time_point begin) { return seconds_since(begin) * 1e3; }

double anonymous_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) / 1024;
  }
  return 0;
}

double peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

using Open = std::function<std::unique_ptr<KeyStore>()>;

void fill(const Open& open, const Keys& keys, std::string_view value) {
  std::unique_ptr<KeyStore> store = open();
  double filling = 0;  // seconds; without those in which keys are made
  for (std::uint64_t first = 0; first < keys.early(); first += block) {
    const std::string some = keys.early_block(first);
    const Clock::time_point begin = Clock::now();
    store->fill(some, key_len, value);
    filling += seconds_since(begin);
  }
  tell(scale_fill, filling * 1e9 / static_cast<double>(keys.early()));
  const std::string late = keys.late_block();
  Clock::time_point begin = Clock::now();
  for (std::string_view rest = late; !rest.empty(); rest.remove_prefix(key_len)) {
    store->put(rest.substr(0, key_len), value);
  }
  tell(scale_put, seconds_since(begin) * 1e9 / static_cast<double>(keys.late()));
  begin = Clock::now();
  store.reset();
  tell(scale_close, ms_since(begin));
}

void get_all(KeyReader& reader, std::string_view keys, std::size_t value_len) {
  for (; !keys.empty(); keys.remove_prefix(key_len)) {
    require(reader.get(keys.substr(0, key_len)) == static_cast<std::int64_t>(value_len), "get");
  }
}

void look(const Open& open, const Keys& keys, std::size_t value_len) {
  const std::string first = keys.some(first_gets, 1);
  const double before = anonymous_mib();
  const Clock::time_point begin = Clock::now();
  const std::unique_ptr<KeyStore> store = open();
  tell(scale_open, ms_since(begin));
  const std::unique_ptr<KeyReader> reader = store->reader();
  if (reader) {
    get_all(*reader, first, value_len);
    tell(scale_first_gets, ms_since(begin));
  }
  tell(scale_peak, peak_mib());
  if (reader) {
    std::uint64_t seed = 2;
    const auto gets_for = [&](double seconds) {
      double spent = 0;
      std::uint64_t done = 0;
      for (; spent < seconds; done += block / 10) {
        const std::string some = keys.some(block / 10, seed++);
        const Clock::time_point start = Clock::now();
        get_all(*reader, some, value_len);
        spent += seconds_since(start);
      }
      return spent * 1e9 / static_cast<double>(done);
    };
    (void)gets_for(get_s);  // until all is loaded that loads by and by
    tell(scale_get, gets_for(get_s));
  }
  tell(scale_memory, anonymous_mib() - before);
}

void close_after_few(const Open& open, const Keys& keys, std::string_view value) {
  std::unique_ptr<KeyStore> store = open();
  const std::string some = keys.some(10, 3);
  for (std::string_view rest = some; !rest.empty(); rest.remove_prefix(key_len))
    store->put(rest.substr(0, key_len), value);
  const Clock::time_point begin = Clock::now();
  store.reset();
  tell(scale_small_close, ms_since(begin));
}

// Ends as by kill -9, with `behind` records behind the index that was saved.
void be_killed(const std::filesystem::path& dir, const Keys& keys, std::string_view value, std::uint64_t behind) {
  Indexed store(dir, {.index = {.is_enabled = true, .writes_in_background = false}});
  store.save();
  const std::string some = keys.some(behind, 4);
  store.fill(some, key_len, value);
  std::raise(SIGKILL);
}

}  // namespace

std::vector<std::string> scale_stores(const Contenders& all) {
  std::vector<std::string> names{std::string(with_index)};
  for (const Contender& contender : readers_of(all)) {
    if (contender.name != "datawal" && contender.name != "SQLite with rowid") names.push_back(contender.name);
  }
  names.emplace_back(log_state);
  return names;
}

std::vector<std::string> scale_lookers(std::string_view store) {
  if (store == with_index) return {std::string(full_open), std::string(reader_index), std::string(reader_full)};
  if (store == log_state) return {std::string(log_full)};
  return {};
}

int scale_child(const Contenders& all, std::span<char* const> arguments) {
  if (arguments.size() != 6) return 1;
  const std::string_view step = arguments[0];
  const std::string store = arguments[1];
  const std::filesystem::path dir = arguments[2];
  const std::uint64_t count = std::stoull(arguments[3]);
  const std::string text(std::stoul(arguments[4]), 'v');
  const std::uint64_t behind = std::stoull(arguments[5]);
  const Keys keys(count);
  const Open open = [&] { return open_store(all, store, dir, count); };
  if (step == "fill") fill(open, keys, text);
  if (step == "look") look(open, keys, text.size());
  if (step == "close") close_after_few(open, keys, text);
  if (step == "kill") be_killed(dir, keys, text, behind);
  return 0;
}

}  // namespace bench
