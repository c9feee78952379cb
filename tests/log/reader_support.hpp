#pragma once
// What a cursor returns, and what a directory looks like to somebody who was promised that it does not change.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <datawal/record_log_reader.hpp>

#include "store_support.hpp"

namespace datawal::test {

/// Everything that a cursor gives until its end or its first error.
struct Reading {
  std::vector<Record> records{};
  std::optional<Error> error{};
  RecoveryReport report{};

  [[nodiscard]] std::vector<std::uint64_t> txids() const {
    std::vector<std::uint64_t> all;
    for (const Record& record : records) all.push_back(record.txid);
    return all;
  }
  [[nodiscard]] std::vector<std::string> payloads() const {
    std::vector<std::string> all;
    for (const Record& record : records) all.push_back(record.payload);
    return all;
  }
};

/// Goes on with `cursor` to its end.
inline Reading rest_of(RecordCursor& cursor) {
  Reading reading;
  for (;;) {
    Result<std::optional<RecordView>> next = cursor.next();
    if (!next) reading.error = next.error();
    if (!next || !*next) break;
    const RecordView& view = **next;
    reading.records.push_back({view.type, view.txid, std::string(view.key), std::string(view.payload), view.ref});
  }
  reading.report = cursor.report();
  return reading;
}

inline Reading read(RecordCursor cursor) { return rest_of(cursor); }
inline Reading read(const RecordLogReader& reader) { return read(reader.records()); }
inline Reading read(const std::filesystem::path& dir) { return read(must(RecordLogReader::open(dir))); }

/// 1, 2, ... n.
inline std::vector<std::uint64_t> txids_up_to(std::uint64_t n) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t txid = 1; txid <= n; ++txid) all.push_back(txid);
  return all;
}

/// Appends `count` records, "record 1", "record 2", ... after their txids.
inline void append_records(RecordLog& log, int count) {
  for (int n = 0; n < count; ++n) must(log.append("record " + std::to_string(log.last_txid() + 1)));
}

/// Everything that changing a file changes, by name; `.` is the directory itself.
using Fingerprint =
    std::map<std::string, std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::string>>;

inline Fingerprint fingerprint_of(const std::filesystem::path& dir) {
  const auto nanoseconds = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  const auto look = [&](const std::filesystem::path& path, bool with_bytes) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) throw std::runtime_error("cannot inspect " + path.string());
    return std::tuple(std::uint64_t{status.st_ino}, static_cast<std::uint64_t>(status.st_size),
                      nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), with_bytes ? read_file(path) : "");
  };
  Fingerprint fingerprint;
  fingerprint["."] = look(dir, false);
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    fingerprint[entry.path().filename().string()] = look(entry.path(), entry.is_regular_file());
  }
  return fingerprint;
}

/// Writes `bytes` into a file where it is, as a program that knows nothing of us would.
inline void overwrite(const std::filesystem::path& path, std::uint64_t offset, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  ::close(file);
  if (written != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("cannot write " + path.string());
}

/// Inverts one bit of a byte.
inline void damage(const std::filesystem::path& path, std::uint64_t offset) {
  const char byte = read_file(path).at(offset);
  overwrite(path, offset, std::string(1, static_cast<char>(byte ^ 1)));
}

}  // namespace datawal::test
