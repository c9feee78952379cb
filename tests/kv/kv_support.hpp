#pragma once
// What the tests of the key/value store share.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

#include "log/reader_support.hpp"
#include "support/child.hpp"

namespace datawal::test {

/// Keys and values as they should be.
using Contents = std::map<std::string, std::string>;

inline constexpr ReadPath both_read_paths[] = {ReadPath::mapped, ReadPath::pread};

inline const char* name_of(ReadPath path) { return path == ReadPath::mapped ? "mapped" : "pread"; }

inline DataWal open_kv(const std::filesystem::path& dir, const OpenOptions& options = {}) {
  return must(DataWal::open(dir, options));
}

inline DataWalReader open_kv_reader(const std::filesystem::path& dir, const ReaderOptions& options = {}) {
  return must(DataWalReader::open(dir, options));
}

/// What for_each() shows, of a store or a reader.
template <class Kv>
Contents contents_of(const Kv& store) {
  Contents contents;
  must(store.for_each([&contents](std::string_view key, std::string_view value) {
    EXPECT_TRUE(contents.emplace(key, value).second) << "a key came twice";
    return true;
  }));
  return contents;
}

/// Waits for a background thread, as long as a test may take.
inline bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// EXPECT_TRUE(has(store, "key", "value")).
template <class Kv>
[[nodiscard]] testing::AssertionResult has(const Kv& store, std::string_view key, std::string_view value) {
  const Result<std::optional<std::string>> got = store.get(key);
  if (!got) return testing::AssertionFailure() << got.error().message();
  if (!*got) return testing::AssertionFailure() << "the key is absent";
  if (**got != value) return testing::AssertionFailure() << "its value is \"" << (*got)->substr(0, 40) << '"';
  return testing::AssertionSuccess();
}

/// EXPECT_TRUE(lacks(store, "key")).
template <class Kv>
[[nodiscard]] testing::AssertionResult lacks(const Kv& store, std::string_view key) {
  const Result<std::optional<std::string>> got = store.get(key);
  if (!got) return testing::AssertionFailure() << got.error().message();
  if (*got) return testing::AssertionFailure() << "its value is \"" << (*got)->substr(0, 40) << '"';
  return testing::AssertionSuccess();
}

/// A store of Puts, one a key.
inline void fill(const std::filesystem::path& dir, const Contents& contents, const OpenOptions& options = {}) {
  DataWal store = open_kv(dir, options);
  for (const auto& [key, value] : contents) must(store.put(key, value));
  must(store.close());
}

/// A record that is appended to a log without the key/value store.
struct PlainRecord {
  RecordType type;
  std::string key;
  std::string payload;
};

inline void append_plain(const std::filesystem::path& dir, const std::vector<PlainRecord>& records) {
  RecordLog log = must(RecordLog::open(dir));
  for (const PlainRecord& record : records) must(log.append_record(record.type, record.key, record.payload));
  must(log.close());
}

/// The Raw records of a store, in log order: key and payload.
inline std::vector<std::pair<std::string, std::string>> raw_records_of(const std::filesystem::path& dir) {
  std::vector<std::pair<std::string, std::string>> raw;
  for (const Record& record : read(dir).records) {
    if (record.type == RecordType::Raw) raw.emplace_back(record.key, record.payload);
  }
  return raw;
}

/// A line as export_jsonl() writes it.
inline std::string line_of(std::string_view key_base64, std::string_view value_base64) {
  return R"({"key_b64":")" + std::string(key_base64) + R"(","value_b64":")" + std::string(value_base64) + "\"}\n";
}

}  // namespace datawal::test
