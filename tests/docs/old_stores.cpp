// old_stores LEVELDB LMDB: makes a database of each kind with the same thousand keys, for the converters to read.

#include <leveldb/db.h>
#include <lmdb.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace {

std::string key(int n) { return "key " + std::to_string(n * 7919 % 1000); }
std::string value(int n) { return std::string(static_cast<std::size_t>(n), '\n') + key(n); }

bool make_leveldb(const char* path) {
  leveldb::DB* db = nullptr;
  leveldb::Options options;
  options.create_if_missing = true;
  if (!leveldb::DB::Open(options, path, &db).ok()) return false;
  bool done = true;
  for (int n = 0; n < 1000; ++n) done = db->Put({}, key(n), value(n)).ok() && done;
  delete db;
  return done;
}

bool make_lmdb(const char* path) {
  std::filesystem::create_directory(path);
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  bool done = mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, 64U << 20) == 0 &&
              mdb_env_open(env, path, 0, 0600) == 0 && mdb_txn_begin(env, nullptr, 0, &txn) == 0 &&
              mdb_dbi_open(txn, nullptr, 0, &dbi) == 0;
  for (int n = 0; done && n < 1000; ++n) {
    std::string k = key(n);
    std::string v = value(n);
    MDB_val mdb_key{k.size(), k.data()};
    MDB_val mdb_value{v.size(), v.data()};
    done = mdb_put(txn, dbi, &mdb_key, &mdb_value, 0) == 0;
  }
  done = done && mdb_txn_commit(txn) == 0;
  mdb_env_close(env);
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  const bool done = argc == 3 && make_leveldb(argv[1]) && make_lmdb(argv[2]);
  if (!done) std::fputs("old_stores: failed\n", stderr);
  return done ? 0 : 1;
}
