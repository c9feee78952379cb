#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "lsm_store.hpp"

namespace bench {

namespace {

class Database {
 public:
  explicit Database(const std::filesystem::path& dir)
      : cache_(leveldb::NewLRUCache(lsm_cache_bytes)), filter_(leveldb::NewBloomFilterPolicy(lsm_filter_bits)) {
    leveldb::Options options;
    options.create_if_missing = true;
    options.block_cache = cache_.get();
    options.filter_policy = filter_.get();
    options.compression = leveldb::kNoCompression;  // as nobody here compresses
    leveldb::DB* db = nullptr;
    require(leveldb::DB::Open(options, dir.string(), &db).ok(), "LevelDB open");
    db_.reset(db);
  }
  leveldb::DB* operator->() const { return db_.get(); }
  leveldb::DB& operator*() const { return *db_; }

 private:
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_;
};

struct LevelDb {
  using Db = leveldb::DB;
  using Database = bench::Database;
  using Iterator = leveldb::Iterator;
  using Slice = leveldb::Slice;
  using WriteBatch = leveldb::WriteBatch;
  using WriteOptions = leveldb::WriteOptions;
};

}  // namespace

std::span<const Contender> leveldb_contenders() {
  static const auto all = lsm_contenders<LevelDb>("LevelDB");
  return all;
}

}  // namespace bench
