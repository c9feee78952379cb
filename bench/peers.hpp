#pragma once
// Key/value stores that are measured side by side, each used as its own documentation says for "survives the death of the
// process": no sync per put.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// One open store. Failures end the program: a benchmark of errors is none.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  virtual void put(std::string_view key, std::string_view value) = 0;
  /// Bytes of the value; -1 if the key is absent.
  virtual std::int64_t get(std::string_view key) = 0;
};

using OpenStore = std::unique_ptr<Store> (*)(const std::filesystem::path& dir);

std::unique_ptr<Store> open_datawal(const std::filesystem::path& dir);
std::unique_ptr<Store> open_leveldb(const std::filesystem::path& dir);
std::unique_ptr<Store> open_rocksdb(const std::filesystem::path& dir);
std::unique_ptr<Store> open_lmdb(const std::filesystem::path& dir);
std::unique_ptr<Store> open_sqlite(const std::filesystem::path& dir);

}  // namespace bench
