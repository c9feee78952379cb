#include <algorithm>
#include <array>

#include "store.hpp"

#ifdef DATAWAL_BENCH_KYOTO

#include <kchashdb.h>

namespace bench {

namespace {

using kyotocabinet::HashDB;

constexpr std::size_t log_records = 4'000'000;  // more than any workload appends
constexpr std::int64_t map_bytes = 32LL << 30;  // "as large as the database, if there is memory for it"
constexpr std::size_t longest_value = 64ULL << 10;

class Reader final : public KeyReader {
 public:
  explicit Reader(HashDB& db) : db_(db), value_(longest_value, '\0') {}
  std::int64_t get(std::string_view key) override {
    const std::int32_t size = db_.get(key.data(), key.size(), value_.data(), value_.size());
    require(size >= 0 || db_.error().code() == kyotocabinet::BasicDB::Error::NOREC, "Kyoto Cabinet get");
    return size;
  }

 private:
  HashDB& db_;
  std::string value_;
};

class Kyoto final : public LogStore, public KeyStore {
 public:
  Kyoto(const std::filesystem::path& dir, std::size_t keys, Promise promise) {
    std::filesystem::create_directories(dir);
    db_.tune_options(HashDB::TLINEAR);                             // "the fastest where there are enough buckets"
    db_.tune_buckets(static_cast<std::int64_t>(2 * keys + 1000));  // "about twice the number of records"
    db_.tune_map(map_bytes);
    const std::uint32_t synced = promise == Promise::power ? HashDB::OAUTOTRAN | HashDB::OAUTOSYNC : 0;
    require(db_.open((dir / "db.kch").string(), HashDB::OWRITER | HashDB::OCREATE | synced), "Kyoto Cabinet open");
  }
  ~Kyoto() override { require(db_.close(), "Kyoto Cabinet close"); }

  void append(std::string_view payload) override { put(counter_.next(), payload); }
  void append_batch(std::string_view payload, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) append(payload);
  }
  void put(std::string_view key, std::string_view value) override {
    require(db_.set(key.data(), key.size(), value.data(), value.size()), "Kyoto Cabinet set");
  }
  void fill(std::string_view keys, std::size_t key_len, std::string_view value) override {
    for (; !keys.empty(); keys.remove_prefix(key_len)) put(keys.substr(0, key_len), value);
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Reader>(db_); }
  std::uint64_t scan() override {
    Summer summer;
    require(db_.iterate(&summer, false) && summer.sum != 0, "Kyoto Cabinet scan");
    return summer.count;
  }

 private:
  struct Summer final : kyotocabinet::DB::Visitor {
    const char* visit_full(const char* key, std::size_t /*key_size*/, const char* /*value*/, std::size_t value_size,
                           std::size_t* /*new_size*/) override {
      ++count;
      sum += static_cast<unsigned char>(key[0]) + value_size;
      return NOP;
    }
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
  };

  HashDB db_;
  Counter counter_;
};

template <Promise promise>
std::unique_ptr<LogStore> open_log(const std::filesystem::path& dir) {
  return std::make_unique<Kyoto>(dir, log_records, promise);
}
template <Promise promise>
std::unique_ptr<KeyStore> open_keys(const std::filesystem::path& dir, std::size_t keys) {
  return std::make_unique<Kyoto>(dir, keys, promise);
}

}  // namespace

std::span<const Contender> kyoto_contenders() {
  static const std::array all{
      Contender{.name = "Kyoto Cabinet",
                .setting = "HashDB",
                .open_log = open_log<Promise::kill>,
                .open_keys = open_keys<Promise::kill>},
      Contender{.name = "Kyoto Cabinet",
                .setting = "HashDB, OAUTOTRAN, OAUTOSYNC",
                .promise = Promise::power,
                .open_log = open_log<Promise::power>,
                .open_keys = open_keys<Promise::power>},
  };
  return all;
}

}  // namespace bench

#else

std::span<const bench::Contender> bench::kyoto_contenders() { return {}; }

#endif
