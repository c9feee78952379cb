#include <array>

#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "store.hpp"

namespace bench {

namespace {

constexpr std::size_t cache_bytes = 1ULL << 30;  // all of the data fits: the comparison is of warm stores
constexpr int filter_bits = 10;                  // a key, as its documentation suggests
constexpr std::size_t fill_batch = 1000;         // records

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

class Database {
 public:
  explicit Database(const std::filesystem::path& dir) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(filter_bits));
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;  // as nobody here compresses
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* db = nullptr;
    require(rocksdb::DB::Open(options, dir.string(), &db).ok(), "Rocksdb open");
    db_.reset(db);
  }
  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::DB& operator*() const { return *db_; }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

class Reader final : public KeyReader {
 public:
  explicit Reader(rocksdb::DB& db) : db_(db) {}
  std::int64_t get(std::string_view key) override {
    const rocksdb::Status status = db_.Get({}, slice(key), &value_);
    if (status.IsNotFound()) return -1;
    require(status.ok(), "Rocksdb get");
    return static_cast<std::int64_t>(value_.size());
  }

 private:
  rocksdb::DB& db_;
  std::string value_;  // its memory is kept from call to call
};

class Rocksdb final : public LogStore, public KeyStore {
 public:
  Rocksdb(const std::filesystem::path& dir, Promise promise) : db_(dir) { write_.sync = promise == Promise::power; }

  void append(std::string_view payload) override { put(counter_.next(), payload); }
  void append_batch(std::string_view payload, std::size_t count) override {
    rocksdb::WriteBatch batch;
    for (std::size_t i = 0; i < count; ++i) batch.Put(slice(counter_.next()), slice(payload));
    require(db_->Write(write_, &batch).ok(), "Rocksdb write");
  }
  void put(std::string_view key, std::string_view value) override {
    require(db_->Put(write_, slice(key), slice(value)).ok(), "Rocksdb put");
  }
  void fill(std::string_view keys, std::size_t key_len, std::string_view value) override {
    while (!keys.empty()) {
      rocksdb::WriteBatch batch;
      for (std::size_t i = 0; i < fill_batch && !keys.empty(); ++i, keys.remove_prefix(key_len)) {
        batch.Put(slice(keys.substr(0, key_len)), slice(value));
      }
      require(db_->Write({}, &batch).ok(), "Rocksdb write");
    }
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Reader>(*db_); }
  std::uint64_t scan() override {
    std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    for (at->SeekToFirst(); at->Valid(); at->Next(), ++count) {
      sum += static_cast<unsigned char>(at->key()[0]) + at->value().size();
    }
    require(at->status().ok() && sum != 0, "Rocksdb scan");
    return count;
  }

 private:
  Database db_;
  rocksdb::WriteOptions write_;
  Counter counter_;
};

template <Promise promise>
std::unique_ptr<LogStore> open_log(const std::filesystem::path& dir) {
  return std::make_unique<Rocksdb>(dir, promise);
}
template <Promise promise>
std::unique_ptr<KeyStore> open_keys(const std::filesystem::path& dir) {
  return std::make_unique<Rocksdb>(dir, promise);
}

}  // namespace

std::span<const Contender> rocksdb_contenders() {
  static const std::array all{
      Contender{.name = "RocksDB",
                .setting = "sync=false",
                .open_log = open_log<Promise::kill>,
                .open_keys = open_keys<Promise::kill>},
      Contender{.name = "RocksDB",
                .setting = "sync=true",
                .promise = Promise::power,
                .open_log = open_log<Promise::power>,
                .open_keys = open_keys<Promise::power>},
  };
  return all;
}

}  // namespace bench
