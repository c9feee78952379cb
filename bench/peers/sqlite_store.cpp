#include <sqlite3.h>

#include <array>
#include <mutex>

#include "store.hpp"

namespace bench {

namespace {

constexpr std::size_t fill_batch = 100'000;  // records

// The tree of the keys holds the values.
constexpr char without_rowid[] = "CREATE TABLE IF NOT EXISTS kv(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID";
// As tables are by default: a tree of numbered rows, and one from keys to numbers.
constexpr char with_rowid[] = "CREATE TABLE IF NOT EXISTS kv(k BLOB PRIMARY KEY, v BLOB)";

class Connection {
 public:
  Connection(const std::filesystem::path& dir, const char* synchronous, const char* table) {
    require(sqlite3_open((dir / "db").c_str(), &db_) == SQLITE_OK, "sqlite open");
    for (const char* sql :
         {"PRAGMA journal_mode=WAL", synchronous, "PRAGMA cache_size=-1048576", "PRAGMA mmap_size=4294967296", table,
          "CREATE TABLE IF NOT EXISTS log(id INTEGER PRIMARY KEY, payload BLOB)"}) {
      run(sql);
    }
  }
  ~Connection() {
    for (sqlite3_stmt* made : statements_) sqlite3_finalize(made);
    sqlite3_close(db_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run(const char* sql) { require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql); }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* made = nullptr;
    require(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) == SQLITE_OK, sql);
    statements_[count_++] = made;
    return made;
  }

 private:
  sqlite3* db_ = nullptr;
  std::array<sqlite3_stmt*, 4> statements_{};
  std::size_t count_ = 0;
};

void bind(sqlite3_stmt* to, int at, std::string_view bytes) {
  sqlite3_bind_blob(to, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
}

void step(sqlite3_stmt* made) {
  require(sqlite3_step(made) == SQLITE_DONE, "sqlite step");
  sqlite3_reset(made);
}

// As its documentation says for threads that read: a connection each.
class Reader final : public KeyReader {
 public:
  Reader(const std::filesystem::path& dir, const char* table)
      : connection_(dir, "PRAGMA synchronous=NORMAL", table), get_(connection_.prepare("SELECT v FROM kv WHERE k=?")) {}
  std::int64_t get(std::string_view key) override {
    bind(get_, 1, key);
    std::int64_t size = -1;
    if (sqlite3_step(get_) == SQLITE_ROW) {
      value_.assign(static_cast<const char*>(sqlite3_column_blob(get_, 0)),
                    static_cast<std::size_t>(sqlite3_column_bytes(get_, 0)));
      size = static_cast<std::int64_t>(value_.size());
    }
    sqlite3_reset(get_);
    return size;
  }

 private:
  Connection connection_;
  sqlite3_stmt* get_;
  std::string value_;
};

class Sqlite final : public LogStore, public KeyStore {
 public:
  Sqlite(const std::filesystem::path& dir, const char* synchronous, const char* table)
      : dir_(made(dir)), table_(table), connection_(dir, synchronous, table) {
    put_ = connection_.prepare("INSERT OR REPLACE INTO kv VALUES(?,?)");
    append_ = connection_.prepare("INSERT INTO log(payload) VALUES(?)");
    scan_ = connection_.prepare("SELECT k, v FROM kv");
  }

  void append(std::string_view payload) override {
    bind(append_, 1, payload);
    step(append_);
  }
  void append_batch(std::string_view payload, std::size_t count) override {
    connection_.run("BEGIN");
    for (std::size_t i = 0; i < count; ++i) append(payload);
    connection_.run("COMMIT");
  }
  // One writing connection: with one for each thread they would wait for each other by sleeping.
  void put(std::string_view key, std::string_view value) override {
    const std::lock_guard guard(mutex_);
    bind(put_, 1, key);
    bind(put_, 2, value);
    step(put_);
  }
  void fill(std::string_view keys, std::size_t key_len, std::string_view value) override {
    while (!keys.empty()) {
      connection_.run("BEGIN");
      for (std::size_t i = 0; i < fill_batch && !keys.empty(); ++i, keys.remove_prefix(key_len)) {
        put(keys.substr(0, key_len), value);
      }
      connection_.run("COMMIT");
    }
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Reader>(dir_, table_); }
  std::uint64_t scan() override {
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    for (; sqlite3_step(scan_) == SQLITE_ROW; ++count) {
      sum += *static_cast<const unsigned char*>(sqlite3_column_blob(scan_, 0)) +
             static_cast<std::uint64_t>(sqlite3_column_bytes(scan_, 1));
    }
    sqlite3_reset(scan_);
    require(sum != 0, "sqlite scan");
    return count;
  }

 private:
  static std::filesystem::path made(const std::filesystem::path& dir) {
    std::filesystem::create_directories(dir);
    return dir;
  }

  std::filesystem::path dir_;
  const char* table_;
  Connection connection_;
  std::mutex mutex_;
  sqlite3_stmt* put_ = nullptr;
  sqlite3_stmt* append_ = nullptr;
  sqlite3_stmt* scan_ = nullptr;
};

constexpr char normal[] = "PRAGMA synchronous=NORMAL";
constexpr char full[] = "PRAGMA synchronous=FULL";

template <const char* synchronous>
std::unique_ptr<LogStore> open_log(const std::filesystem::path& dir) {
  return std::make_unique<Sqlite>(dir, synchronous, without_rowid);
}
template <const char* synchronous, const char* table>
std::unique_ptr<KeyStore> open_keys(const std::filesystem::path& dir, std::size_t /*keys*/) {
  return std::make_unique<Sqlite>(dir, synchronous, table);
}

}  // namespace

std::span<const Contender> sqlite_contenders() {
  static const std::array all{
      Contender{.name = "SQLite",
                .setting = "WITHOUT ROWID, WAL, NORMAL",
                .open_log = open_log<normal>,
                .open_keys = open_keys<normal, without_rowid>},
      Contender{.name = "SQLite",
                .setting = "WITHOUT ROWID, WAL, FULL",
                .promise = Promise::power,
                .open_log = open_log<full>,
                .open_keys = open_keys<full, without_rowid>},
      Contender{.name = "SQLite with rowid", .setting = "WAL, NORMAL", .open_keys = open_keys<normal, with_rowid>},
      Contender{.name = "SQLite with rowid",
                .setting = "WAL, FULL",
                .promise = Promise::power,
                .open_keys = open_keys<full, with_rowid>},
  };
  return all;
}

}  // namespace bench
