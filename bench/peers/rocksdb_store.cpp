#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "lsm_store.hpp"

namespace bench {

namespace {

class Database {
 public:
  explicit Database(const std::filesystem::path& dir) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(lsm_cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(lsm_filter_bits));
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;  // as nobody here compresses
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* db = nullptr;
    require(rocksdb::DB::Open(options, dir.string(), &db).ok(), "RocksDB open");
    db_.reset(db);
  }
  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::DB& operator*() const { return *db_; }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

struct RocksDb {
  using Db = rocksdb::DB;
  using Database = bench::Database;
  using Iterator = rocksdb::Iterator;
  using Slice = rocksdb::Slice;
  using WriteBatch = rocksdb::WriteBatch;
  using WriteOptions = rocksdb::WriteOptions;
};

}  // namespace

std::span<const Contender> rocksdb_contenders() {
  static const auto all = lsm_contenders<RocksDb>("RocksDB");
  return all;
}

}  // namespace bench
