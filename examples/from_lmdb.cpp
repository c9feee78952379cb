// datawal_from_lmdb OLD NEW: copies every key and value of the main database in the LMDB environment OLD (a directory) into the
// new store NEW.

#include <lmdb.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

#include <datawal/datawal.hpp>

namespace {

std::string_view view(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

int stop(const std::string& why) {
  std::cerr << why << '\n';
  return 1;
}

// A read-only transaction over the main database, ended in any case.
struct Source {
  MDB_env* environment = nullptr;
  MDB_txn* transaction = nullptr;
  MDB_cursor* cursor = nullptr;

  // 0, or LMDB's reason.
  int open(const char* path) {
    MDB_dbi database = 0;
    if (const int error = mdb_env_create(&environment); error != 0) return error;
    if (const int error = mdb_env_open(environment, path, MDB_RDONLY, 0600); error != 0) return error;
    if (const int error = mdb_txn_begin(environment, nullptr, MDB_RDONLY, &transaction); error != 0) return error;
    if (const int error = mdb_dbi_open(transaction, nullptr, 0, &database); error != 0) return error;
    return mdb_cursor_open(transaction, database, &cursor);
  }

  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (cursor != nullptr) mdb_cursor_close(cursor);
    if (transaction != nullptr) mdb_txn_abort(transaction);
    if (environment != nullptr) mdb_env_close(environment);
  }
};

int copy_environment(const char* from, const char* to) {
  Source source;
  if (const int error = source.open(from); error != 0) return stop(std::string(from) + ": " + mdb_strerror(error));
  datawal::Result<datawal::DataWal> store = datawal::DataWal::open(to);
  if (!store) return stop(store.error().message());
  if (!store->empty()) return stop(std::string(to) + " is not empty");

  MDB_val key{};
  MDB_val value{};
  std::string last_key;
  std::uint64_t pairs = 0;
  std::uint64_t duplicates = 0;
  int error = mdb_cursor_get(source.cursor, &key, &value, MDB_FIRST);
  for (; error == 0; error = mdb_cursor_get(source.cursor, &key, &value, MDB_NEXT)) {
    if (pairs++ != 0 && view(key) == last_key) {
      ++duplicates;
      continue;
    }
    last_key = view(key);
    if (const auto put = store->put(view(key), view(value)); !put) return stop(put.error().message());
  }
  if (error != MDB_NOTFOUND) return stop(std::string(from) + ": " + mdb_strerror(error));
  const auto copied = store->size();
  if (const auto closed = store->close(); !closed) return stop(closed.error().message());  // durable from here on
  std::cout << copied << " keys copied, " << duplicates << " further values of a key left out\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return argc == 3 ? copy_environment(argv[1], argv[2]) : stop("usage: datawal_from_lmdb OLD NEW");
}
