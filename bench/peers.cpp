#include "peers.hpp"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <lmdb.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>

#include <datawal/data_wal.hpp>

namespace bench {

namespace {

constexpr std::size_t cache_bytes = 1ULL << 30;  // all of the data fits: the comparison is of warm stores
constexpr int filter_bits = 10;                  // a key, as LevelDB's and RocksDB's documentation suggests

void require(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "%s failed\n", what);
  std::abort();
}

class Datawal final : public Store {
 public:
  explicit Datawal(const std::filesystem::path& dir) : db_(*datawal::DataWal::open(dir)) {}
  void put(std::string_view key, std::string_view value) override { require(db_.put(key, value).has_value(), "put"); }
  std::int64_t get(std::string_view key) override {
    const auto value = db_.get(key);
    require(value.has_value(), "get");
    return *value ? static_cast<std::int64_t>((*value)->size()) : -1;
  }

 private:
  datawal::DataWal db_;
};

class Leveldb final : public Store {
 public:
  explicit Leveldb(const std::filesystem::path& dir)
      : cache_(leveldb::NewLRUCache(cache_bytes)), filter_(leveldb::NewBloomFilterPolicy(filter_bits)) {
    leveldb::Options options;
    options.create_if_missing = true;
    options.block_cache = cache_.get();
    options.filter_policy = filter_.get();
    options.compression = leveldb::kNoCompression;
    leveldb::DB* db = nullptr;
    require(leveldb::DB::Open(options, dir.string(), &db).ok(), "leveldb open");
    db_.reset(db);
  }
  void put(std::string_view key, std::string_view value) override {
    require(db_->Put({}, {key.data(), key.size()}, {value.data(), value.size()}).ok(), "leveldb put");
  }
  std::int64_t get(std::string_view key) override {
    std::string value;
    const leveldb::Status status = db_->Get({}, {key.data(), key.size()}, &value);
    if (status.IsNotFound()) return -1;
    require(status.ok(), "leveldb get");
    return static_cast<std::int64_t>(value.size());
  }

 private:
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_;
};

class Rocksdb final : public Store {
 public:
  explicit Rocksdb(const std::filesystem::path& dir) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(filter_bits));
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* db = nullptr;
    require(rocksdb::DB::Open(options, dir.string(), &db).ok(), "rocksdb open");
    db_.reset(db);
  }
  void put(std::string_view key, std::string_view value) override {
    require(db_->Put({}, {key.data(), key.size()}, {value.data(), value.size()}).ok(), "rocksdb put");
  }
  std::int64_t get(std::string_view key) override {
    std::string value;
    const rocksdb::Status status = db_->Get({}, {key.data(), key.size()}, &value);
    if (status.IsNotFound()) return -1;
    require(status.ok(), "rocksdb get");
    return static_cast<std::int64_t>(value.size());
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

class Lmdb final : public Store {
 public:
  explicit Lmdb(const std::filesystem::path& dir) {
    std::filesystem::create_directories(dir);
    require(mdb_env_create(&env_) == 0, "lmdb create");
    require(mdb_env_set_mapsize(env_, 8ULL << 30) == 0, "lmdb map size");
    // Without syncs a kill costs nothing: the pages are in the kernel's cache, as everybody's here.
    require(mdb_env_open(env_, dir.c_str(), MDB_NOSYNC, 0600) == 0, "lmdb open");
    MDB_txn* txn = nullptr;
    require(mdb_txn_begin(env_, nullptr, 0, &txn) == 0, "lmdb begin");
    require(mdb_dbi_open(txn, nullptr, MDB_CREATE, &dbi_) == 0, "lmdb dbi");
    require(mdb_txn_commit(txn) == 0, "lmdb commit");
    require(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader_) == 0, "lmdb begin");
    mdb_txn_reset(reader_);
  }
  ~Lmdb() override {
    mdb_txn_abort(reader_);
    mdb_env_close(env_);
  }
  void put(std::string_view key, std::string_view value) override {
    MDB_txn* txn = nullptr;
    require(mdb_txn_begin(env_, nullptr, 0, &txn) == 0, "lmdb begin");
    MDB_val k{key.size(), const_cast<char*>(key.data())};
    MDB_val v{value.size(), const_cast<char*>(value.data())};
    require(mdb_put(txn, dbi_, &k, &v, 0) == 0, "lmdb put");
    require(mdb_txn_commit(txn) == 0, "lmdb commit");
  }
  std::int64_t get(std::string_view key) override {
    require(mdb_txn_renew(reader_) == 0, "lmdb renew");
    MDB_val k{key.size(), const_cast<char*>(key.data())};
    MDB_val v{};
    const int got = mdb_get(reader_, dbi_, &k, &v);
    std::int64_t size = -1;
    if (got == 0) {
      const std::string copy(static_cast<const char*>(v.mv_data), v.mv_size);  // as the others hand it out
      size = static_cast<std::int64_t>(copy.size());
    }
    mdb_txn_reset(reader_);
    require(got == 0 || got == MDB_NOTFOUND, "lmdb get");
    return size;
  }

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  MDB_txn* reader_ = nullptr;
};

class Sqlite final : public Store {
 public:
  explicit Sqlite(const std::filesystem::path& dir) {
    std::filesystem::create_directories(dir);
    require(sqlite3_open((dir / "db").c_str(), &db_) == SQLITE_OK, "sqlite open");
    for (const char* sql :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-1048576",
          "PRAGMA mmap_size=1073741824", "CREATE TABLE IF NOT EXISTS kv(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID"}) {
      require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
    }
    require(sqlite3_prepare_v2(db_, "INSERT OR REPLACE INTO kv VALUES(?,?)", -1, &put_, nullptr) == SQLITE_OK,
            "prepare");
    require(sqlite3_prepare_v2(db_, "SELECT v FROM kv WHERE k=?", -1, &get_, nullptr) == SQLITE_OK, "prepare");
  }
  ~Sqlite() override {
    sqlite3_finalize(put_);
    sqlite3_finalize(get_);
    sqlite3_close(db_);
  }
  void put(std::string_view key, std::string_view value) override {
    sqlite3_bind_blob(put_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    sqlite3_bind_blob(put_, 2, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    require(sqlite3_step(put_) == SQLITE_DONE, "sqlite put");
    sqlite3_reset(put_);
  }
  std::int64_t get(std::string_view key) override {
    sqlite3_bind_blob(get_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    std::int64_t size = -1;
    if (sqlite3_step(get_) == SQLITE_ROW) {
      const std::string copy(static_cast<const char*>(sqlite3_column_blob(get_, 0)),
                             static_cast<std::size_t>(sqlite3_column_bytes(get_, 0)));
      size = static_cast<std::int64_t>(copy.size());
    }
    sqlite3_reset(get_);
    return size;
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* put_ = nullptr;
  sqlite3_stmt* get_ = nullptr;
};

}  // namespace

std::unique_ptr<Store> open_datawal(const std::filesystem::path& dir) { return std::make_unique<Datawal>(dir); }
std::unique_ptr<Store> open_leveldb(const std::filesystem::path& dir) { return std::make_unique<Leveldb>(dir); }
std::unique_ptr<Store> open_rocksdb(const std::filesystem::path& dir) { return std::make_unique<Rocksdb>(dir); }
std::unique_ptr<Store> open_lmdb(const std::filesystem::path& dir) { return std::make_unique<Lmdb>(dir); }
std::unique_ptr<Store> open_sqlite(const std::filesystem::path& dir) { return std::make_unique<Sqlite>(dir); }

}  // namespace bench
