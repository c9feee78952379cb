#include <lmdb.h>

#include <array>
#include <mutex>

#include "store.hpp"

namespace bench {

namespace {

constexpr std::size_t map_bytes = 64ULL << 30;
constexpr std::size_t fill_batch = 100'000;  // records

MDB_val val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

// As its documentation says for threads: one read transaction each, reset and renewed.
class Reader final : public KeyReader {
 public:
  Reader(MDB_env* env, MDB_dbi dbi) : dbi_(dbi) {
    require(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn_) == 0, "lmdb begin");
    mdb_txn_reset(txn_);
  }
  ~Reader() override { mdb_txn_abort(txn_); }
  std::int64_t get(std::string_view key) override {
    require(mdb_txn_renew(txn_) == 0, "lmdb renew");
    MDB_val k = val(key);
    MDB_val v{};
    const int got = mdb_get(txn_, dbi_, &k, &v);
    if (got == 0) value_.assign(static_cast<const char*>(v.mv_data), v.mv_size);  // it is gone with the transaction
    mdb_txn_reset(txn_);
    require(got == 0 || got == MDB_NOTFOUND, "lmdb get");
    return got == 0 ? static_cast<std::int64_t>(value_.size()) : -1;
  }

 private:
  MDB_txn* txn_ = nullptr;
  MDB_dbi dbi_;
  std::string value_;
};

class Lmdb final : public LogStore, public KeyStore {
 public:
  Lmdb(const std::filesystem::path& dir, unsigned flags) {
    std::filesystem::create_directories(dir);
    require(mdb_env_create(&env_) == 0, "lmdb create");
    require(mdb_env_set_mapsize(env_, map_bytes) == 0, "lmdb map size");
    require(mdb_env_open(env_, dir.c_str(), flags | MDB_NOTLS, 0600) == 0, "lmdb open");
    Write write(env_);
    require(mdb_dbi_open(write.txn, nullptr, MDB_CREATE, &dbi_) == 0, "lmdb dbi");
    write.commit();
  }
  ~Lmdb() override {
    mdb_env_sync(env_, 1);  // a clean close makes durable what was written without
    mdb_env_close(env_);
  }

  void append(std::string_view payload) override { append_batch(payload, 1); }
  void append_batch(std::string_view payload, std::size_t count) override {
    Write write(env_);
    for (std::size_t i = 0; i < count; ++i) write.put(dbi_, counter_.next(), payload, MDB_APPEND);
    write.commit();
  }
  void put(std::string_view key, std::string_view value) override {
    Write write(env_);
    write.put(dbi_, key, value, 0);
    write.commit();
  }
  void fill(std::string_view keys, std::size_t key_len, std::string_view value) override {
    while (!keys.empty()) {
      Write write(env_);
      for (std::size_t i = 0; i < fill_batch && !keys.empty(); ++i, keys.remove_prefix(key_len)) {
        write.put(dbi_, keys.substr(0, key_len), value, 0);
      }
      write.commit();
    }
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Reader>(env_, dbi_); }
  std::uint64_t scan() override {
    MDB_txn* txn = nullptr;
    MDB_cursor* at = nullptr;
    require(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn) == 0, "lmdb begin");
    require(mdb_cursor_open(txn, dbi_, &at) == 0, "lmdb cursor");
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    MDB_val k{};
    MDB_val v{};
    for (; mdb_cursor_get(at, &k, &v, MDB_NEXT) == 0; ++count) {
      sum += *static_cast<const unsigned char*>(k.mv_data) + v.mv_size;
    }
    mdb_cursor_close(at);
    mdb_txn_abort(txn);
    require(sum != 0, "lmdb scan");
    return count;
  }

 private:
  struct Write {
    explicit Write(MDB_env* env) { require(mdb_txn_begin(env, nullptr, 0, &txn) == 0, "lmdb begin"); }
    void put(MDB_dbi dbi, std::string_view key, std::string_view value, unsigned flags) const {
      MDB_val k = val(key);
      MDB_val v = val(value);
      require(mdb_put(txn, dbi, &k, &v, flags) == 0, "lmdb put");
    }
    void commit() const { require(mdb_txn_commit(txn) == 0, "lmdb commit"); }
    MDB_txn* txn = nullptr;
  };

  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  Counter counter_;
};

template <unsigned flags>
std::unique_ptr<LogStore> open_log(const std::filesystem::path& dir) {
  return std::make_unique<Lmdb>(dir, flags);
}
template <unsigned flags>
std::unique_ptr<KeyStore> open_keys(const std::filesystem::path& dir, std::size_t /*keys*/) {
  return std::make_unique<Lmdb>(dir, flags);
}

}  // namespace

std::span<const Contender> lmdb_contenders() {
  static const std::array all{
      // Without syncs a kill costs nothing: the pages are in the kernel's cache.
      Contender{.name = "LMDB",
                .setting = "MDB_NOSYNC",
                .open_log = open_log<MDB_NOSYNC>,
                .open_keys = open_keys<MDB_NOSYNC>},
      Contender{.name = "LMDB",
                .setting = "default",
                .promise = Promise::power,
                .open_log = open_log<0>,
                .open_keys = open_keys<0>},
  };
  return all;
}

}  // namespace bench
