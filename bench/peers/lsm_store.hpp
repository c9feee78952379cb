#pragma once
// LevelDB, and RocksDB whose interface began as LevelDB's: one program for both.

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "store.hpp"

namespace bench {

constexpr std::size_t lsm_cache_bytes = 1ULL << 30;  // all of the data fits: the comparison is of warm stores
constexpr int lsm_filter_bits = 10;                  // a key, as the documentation of both suggests

/// `Lsm` names the types of one of them: Db, Database (an open Db behind -> and *), Iterator, Slice, WriteBatch, WriteOptions.
template <class Lsm>
class LsmStore final : public LogStore, public KeyStore {
 public:
  LsmStore(const std::filesystem::path& dir, Promise promise) : db_(dir) { write_.sync = promise == Promise::power; }

  void append(std::string_view payload) override { put(counter_.next(), payload); }
  void append_batch(std::string_view payload, std::size_t count) override {
    typename Lsm::WriteBatch batch;
    for (std::size_t i = 0; i < count; ++i) batch.Put(slice(counter_.next()), slice(payload));
    require(db_->Write(write_, &batch).ok(), "LSM write");
  }
  void put(std::string_view key, std::string_view value) override {
    require(db_->Put(write_, slice(key), slice(value)).ok(), "LSM put");
  }
  void fill(std::string_view keys, std::size_t key_len, std::string_view value) override {
    constexpr std::size_t fill_batch = 1000;  // records
    while (!keys.empty()) {
      typename Lsm::WriteBatch batch;
      for (std::size_t i = 0; i < fill_batch && !keys.empty(); ++i, keys.remove_prefix(key_len)) {
        batch.Put(slice(keys.substr(0, key_len)), slice(value));
      }
      require(db_->Write({}, &batch).ok(), "LSM write");
    }
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Reader>(*db_); }
  std::uint64_t scan() override {
    std::unique_ptr<typename Lsm::Iterator> at(db_->NewIterator({}));
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    for (at->SeekToFirst(); at->Valid(); at->Next(), ++count) {
      sum += static_cast<unsigned char>(at->key()[0]) + at->value().size();
    }
    require(at->status().ok() && sum != 0, "LSM scan");
    return count;
  }

 private:
  class Reader final : public KeyReader {
   public:
    explicit Reader(typename Lsm::Db& db) : db_(db) {}
    std::int64_t get(std::string_view key) override {
      const auto status = db_.Get({}, slice(key), &value_);
      if (status.IsNotFound()) return -1;
      require(status.ok(), "LSM get");
      return static_cast<std::int64_t>(value_.size());
    }

   private:
    typename Lsm::Db& db_;
    std::string value_;  // its memory is kept from call to call
  };

  static typename Lsm::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

  typename Lsm::Database db_;
  typename Lsm::WriteOptions write_;
  Counter counter_;
};

template <class Lsm, Promise promise>
std::unique_ptr<LogStore> open_lsm_log(const std::filesystem::path& dir) {
  return std::make_unique<LsmStore<Lsm>>(dir, promise);
}
template <class Lsm, Promise promise>
std::unique_ptr<KeyStore> open_lsm_keys(const std::filesystem::path& dir, std::size_t /*keys*/) {
  return std::make_unique<LsmStore<Lsm>>(dir, promise);
}

template <class Lsm>
std::array<Contender, 2> lsm_contenders(const char* name) {
  return {Contender{.name = name,
                    .setting = "sync=false",
                    .open_log = open_lsm_log<Lsm, Promise::kill>,
                    .open_keys = open_lsm_keys<Lsm, Promise::kill>},
          Contender{.name = name,
                    .setting = "sync=true",
                    .promise = Promise::power,
                    .open_log = open_lsm_log<Lsm, Promise::power>,
                    .open_keys = open_lsm_keys<Lsm, Promise::power>}};
}

}  // namespace bench
