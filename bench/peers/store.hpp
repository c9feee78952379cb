#pragma once
// What is measured side by side, behind one interface: each used as its own documentation says to use it for its promise.
// Failures end the program: a benchmark of errors is none.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bench {

/// What a write has survived once its call has returned.
enum class Promise : std::uint8_t { kill, power };

[[nodiscard]] constexpr std::string_view name_of(Promise promise) noexcept {
  return promise == Promise::kill ? "a kill" : "a power loss";
}

/// Records without a key, or with one that only counts up.
class LogStore {
 public:
  LogStore() = default;
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;
  virtual ~LogStore() = default;

  virtual void append(std::string_view payload) = 0;
  /// `count` records of `payload` in one go.
  virtual void append_batch(std::string_view payload, std::size_t count) = 0;
};

/// Looks keys up. One thread at a time.
class KeyReader {
 public:
  KeyReader() = default;
  KeyReader(const KeyReader&) = delete;
  KeyReader& operator=(const KeyReader&) = delete;
  virtual ~KeyReader() = default;

  /// Bytes of the value, which was copied out; -1 if the key is absent.
  virtual std::int64_t get(std::string_view key) = 0;
};

/// Keys and values. Any thread.
class KeyStore {
 public:
  KeyStore() = default;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;
  virtual ~KeyStore() = default;

  virtual void put(std::string_view key, std::string_view value) = 0;
  /// Puts many, as fast as it goes; no promise until the store is closed. `keys` are of `key_len` bytes each.
  virtual void fill(std::string_view keys, std::size_t key_len, std::string_view value) = 0;
  [[nodiscard]] virtual std::unique_ptr<KeyReader> reader() = 0;
  /// Visits every record, key and value. @return how many
  [[nodiscard]] virtual std::uint64_t scan() = 0;
};

/// One way to use one store.
struct Contender {
  std::string name;
  std::string setting;
  Promise promise = Promise::kill;
  std::unique_ptr<LogStore> (*open_log)(const std::filesystem::path& dir) = nullptr;  ///< null: has none
  /// Null: has none. `keys`: how many it is going to hold, for those that want to be told.
  std::unique_ptr<KeyStore> (*open_keys)(const std::filesystem::path& dir, std::size_t keys) = nullptr;
  bool is_floor = false;    ///< no store: what the machine alone needs
  bool is_variant = false;  ///< differs from the contender before it in writing alone: nothing to be read twice
};

[[nodiscard]] std::span<const Contender> datawal_contenders();
[[nodiscard]] std::span<const Contender> leveldb_contenders();
[[nodiscard]] std::span<const Contender> rocksdb_contenders();
[[nodiscard]] std::span<const Contender> lmdb_contenders();
[[nodiscard]] std::span<const Contender> sqlite_contenders();
[[nodiscard]] std::span<const Contender> tkrzw_contenders();  ///< none if it was built without
[[nodiscard]] std::span<const Contender> kyoto_contenders();  ///< none if it was built without
[[nodiscard]] std::span<const Contender> json_lines_contenders();
[[nodiscard]] std::span<const Contender> floors();

/// An ascending key of eight bytes for the stores that have nothing but keys.
class Counter {
 public:
  [[nodiscard]] std::string_view next() noexcept {
    ++last_;
    for (std::size_t i = 0; i < sizeof bytes_; ++i) bytes_[i] = static_cast<char>(last_ >> (56 - 8 * i));
    return {bytes_, sizeof bytes_};
  }

 private:
  std::uint64_t last_ = 0;
  char bytes_[8] = {};
};

/// Ends the program unless `right`.
inline void require(bool right, std::string_view what) {
  if (right) return;
  std::fprintf(stderr, "%.*s failed\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

}  // namespace bench
