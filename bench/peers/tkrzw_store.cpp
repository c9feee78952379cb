#include <array>

#include "store.hpp"

#ifdef DATAWAL_BENCH_TKRZW

#include <tkrzw_dbm_hash.h>

namespace bench {

namespace {

constexpr std::size_t log_records = 4'000'000;  // more than any workload appends

class Reader final : public KeyReader {
 public:
  explicit Reader(tkrzw::HashDBM& db) : db_(db) {}
  std::int64_t get(std::string_view key) override {
    const tkrzw::Status status = db_.Get(key, &value_);
    if (status == tkrzw::Status::NOT_FOUND_ERROR) return -1;
    require(status.IsOK(), "tkrzw get");
    return static_cast<std::int64_t>(value_.size());
  }

 private:
  tkrzw::HashDBM& db_;
  std::string value_;  // its memory is kept from call to call
};

class Tkrzw final : public LogStore, public KeyStore {
 public:
  Tkrzw(const std::filesystem::path& dir, std::size_t keys, Promise promise) : syncs_(promise == Promise::power) {
    std::filesystem::create_directories(dir);
    tkrzw::HashDBM::TuningParameters tuning;
    // What is written in place may be lost if the process dies in it; appended records can all be restored.
    tuning.update_mode = tkrzw::HashDBM::UPDATE_APPENDING;
    tuning.record_crc_mode = tkrzw::HashDBM::RECORD_CRC_32;                  // as everybody here but LMDB and SQLite
    tuning.num_buckets = static_cast<std::int64_t>(keys + keys / 4 + 1000);  // "larger than the number of records"
    tuning.offset_width = 5;                                                 // 4 would be enough for 32 GiB
    require(db_.OpenAdvanced((dir / "db.tkh").string(), true, tkrzw::File::OPEN_DEFAULT, tuning).IsOK(), "tkrzw open");
  }
  ~Tkrzw() override { require(db_.Close().IsOK(), "tkrzw close"); }

  void append(std::string_view payload) override { put(counter_.next(), payload); }
  void append_batch(std::string_view payload, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) require(db_.Set(counter_.next(), payload).IsOK(), "tkrzw set");
    sync();
  }
  void put(std::string_view key, std::string_view value) override {
    require(db_.Set(key, value).IsOK(), "tkrzw set");
    sync();
  }
  void fill(std::string_view keys, std::size_t key_len, std::string_view value) override {
    for (; !keys.empty(); keys.remove_prefix(key_len)) {
      require(db_.Set(keys.substr(0, key_len), value).IsOK(), "tkrzw set");
    }
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Reader>(db_); }
  std::uint64_t scan() override {
    Summer summer;
    require(db_.ProcessEach(&summer, false).IsOK() && summer.sum != 0, "tkrzw scan");
    return summer.count;
  }

 private:
  struct Summer final : tkrzw::DBM::RecordProcessor {
    std::string_view ProcessFull(std::string_view key, std::string_view value) override {
      ++count;
      sum += static_cast<unsigned char>(key[0]) + value.size();
      return NOOP;
    }
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
  };

  void sync() {
    if (syncs_) require(db_.Synchronize(true).IsOK(), "tkrzw synchronize");
  }

  tkrzw::HashDBM db_;  // of a file that is mapped, as by default
  bool syncs_;
  Counter counter_;
};

template <Promise promise>
std::unique_ptr<LogStore> open_log(const std::filesystem::path& dir) {
  return std::make_unique<Tkrzw>(dir, log_records, promise);
}
template <Promise promise>
std::unique_ptr<KeyStore> open_keys(const std::filesystem::path& dir, std::size_t keys) {
  return std::make_unique<Tkrzw>(dir, keys, promise);
}

}  // namespace

std::span<const Contender> tkrzw_contenders() {
  static const std::array all{
      Contender{.name = "tkrzw",
                .setting = "HashDBM, appending",
                .open_log = open_log<Promise::kill>,
                .open_keys = open_keys<Promise::kill>},
      Contender{.name = "tkrzw",
                .setting = "HashDBM, appending, Synchronize(hard)",
                .promise = Promise::power,
                .open_log = open_log<Promise::power>,
                .open_keys = open_keys<Promise::power>},
  };
  return all;
}

}  // namespace bench

#else

std::span<const bench::Contender> bench::tkrzw_contenders() { return {}; }

#endif
