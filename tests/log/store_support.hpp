#pragma once
// Stores made by hand, and what is in them compared without the library's help.

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "scratch_directory.hpp"
#include "support/files.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"

namespace datawal::test {

/// EXPECT_TRUE(ok(log.fsync())): prints the reason if it failed.
template <class T>
[[nodiscard]] testing::AssertionResult ok(const Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure() << name_of(result.error().code) << ": " << result.error().message();
}

/// EXPECT_TRUE(refused(log.fsync(), Errc::poisoned)).
template <class T>
[[nodiscard]] testing::AssertionResult refused(const Result<T>& result, Errc code) {
  if (result) return testing::AssertionFailure() << "it succeeded";
  if (result.error().code == code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << name_of(result.error().code) << ": " << result.error().message();
}

/// The value of a result that must be there.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}
inline void must(Result<void> result) {
  if (!result) throw std::runtime_error(result.error().message());
}

/// Success or failure, without what it brought.
template <class T>
[[nodiscard]] Result<void> drop_value(const Result<T>& result) {
  if (!result) return propagate(result);
  return {};
}

inline std::string raw_frame(std::uint64_t txid, std::string_view payload) {
  return reference_encode(0, txid, {}, payload);
}

/// A record by value, wherever it came from.
struct Listed {
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;
  int type = 0;
  std::uint64_t txid = 0;
  std::string key{};
  std::string payload{};

  friend bool operator==(const Listed&, const Listed&) = default;
  friend void PrintTo(const Listed& record, std::ostream* out) {
    *out << "{segment " << record.segment << ", offset " << record.offset << ", txid " << record.txid << ", "
         << record.payload.substr(0, 20) << "}";
  }
};

inline std::vector<Listed> listing_of(const std::vector<Record>& records) {
  std::vector<Listed> listing;
  for (const Record& record : records) {
    listing.push_back({record.ref.segment, record.ref.offset, static_cast<int>(record.type), record.txid, record.key,
                       record.payload});
  }
  return listing;
}

inline std::vector<Listed> listing_of(const RecordLog& log) { return listing_of(must(log.scan())); }

/// What the reference decoder finds in the bytes of one segment, and where and why it stops.
struct ReferenceWalk {
  std::vector<Listed> records{};
  std::uint64_t end = 0;
  format::Stop stop = format::Stop::none;
};

inline ReferenceWalk reference_walk(std::uint32_t segment, std::string_view bytes, std::uint64_t previous_txid = 0) {
  ReferenceWalk walk;
  for (;;) {
    ReferenceOutcome outcome = reference_decode(bytes.substr(walk.end));
    walk.stop = outcome.stop;
    if (outcome.stop == format::Stop::none && outcome.txid <= previous_txid) walk.stop = format::Stop::txid_order;
    if (walk.stop != format::Stop::none) return walk;
    previous_txid = outcome.txid;
    walk.records.push_back({segment, walk.end, outcome.type, outcome.txid, outcome.key, outcome.payload});
    walk.end += outcome.len;
  }
}

/// File names and contents of a directory. `.lock` is left out: it belongs to nobody's data.
using Image = std::map<std::string, std::string>;

inline Image image_of(const std::filesystem::path& dir) {
  Image image;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock") image[name] = entry.is_regular_file() ? read_file(entry.path()) : "<no file>";
  }
  return image;
}

inline std::vector<std::string> names_in(const std::filesystem::path& dir) {
  std::vector<std::string> names;
  for (const auto& [name, content] : image_of(dir)) names.push_back(name);
  return names;
}

inline std::uint64_t inode_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) throw std::runtime_error("cannot inspect " + path.string());
  return status.st_ino;
}

inline std::string watermark_bytes(std::uint32_t segment, std::uint64_t inode, std::uint64_t offset,
                                   std::uint64_t txid) {
  std::string bytes = "DWMK";
  put_little_endian(bytes, 1, 4);
  put_little_endian(bytes, segment, 4);
  put_little_endian(bytes, 0, 4);
  put_little_endian(bytes, inode, 8);
  put_little_endian(bytes, offset, 8);
  put_little_endian(bytes, txid, 8);
  bytes.append(20, '\0');
  put_little_endian(bytes, reference_crc(bytes), 4);
  return bytes;
}

/// What `bytes` hold of whole records; a live writer may have zeros behind them.
inline std::string records_in(std::string_view bytes) {
  return std::string(bytes.substr(0, static_cast<std::size_t>(reference_walk(1, bytes).end)));
}

/// A directory to be a store, where syncs cost nothing.
class Store {
 public:
  Store() { std::filesystem::create_directory(path()); }

  [[nodiscard]] std::filesystem::path path() const { return scratch_ / "store"; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path() / name; }
  /// A place beside the store, for copies and outputs.
  [[nodiscard]] std::filesystem::path beside(std::string_view name) const { return scratch_ / name; }

  [[nodiscard]] static std::string name_of(std::uint32_t id) {
    const std::string digits = std::to_string(id);
    return std::string(8 - digits.size(), '0') + digits + ".dwal";
  }
  [[nodiscard]] std::filesystem::path segment(std::uint32_t id) const { return path() / name_of(id); }

  void put(std::uint32_t id, std::string_view bytes) const { write_file(segment(id), bytes); }
  [[nodiscard]] std::string get(std::uint32_t id) const { return read_file(segment(id)); }

  /// Writes `.watermark` for the segment that is there.
  void put_watermark(std::uint32_t id, std::uint64_t offset, std::uint64_t txid) const {
    write_file(*this / ".watermark", watermark_bytes(id, inode_of(segment(id)), offset, txid));
  }
  void remove_watermark() const { std::filesystem::remove(*this / ".watermark"); }

  void clear() const {
    for (const auto& entry : std::filesystem::directory_iterator(path())) std::filesystem::remove_all(entry.path());
  }

  [[nodiscard]] Image image() const { return image_of(path()); }
  [[nodiscard]] std::vector<std::string> names() const { return names_in(path()); }

  /// @param options  write by `write_path` unless they say otherwise
  [[nodiscard]] RecordLog open(OpenOptions options = {}) const {
    if (options.write_path == WritePath::automatic) options.write_path = write_path;
    return must(RecordLog::open(path(), options));
  }

  WritePath write_path = WritePath::automatic;

 private:
  safeatomic::test::ScratchDirectory scratch_{safeatomic::test::memory_backed_parent()};
};

/// The place of a record whose frame is `frame`.
inline RecordRef ref_of(std::uint32_t segment, std::uint64_t offset, std::uint64_t txid, std::string_view frame) {
  return {.segment = segment,
          .offset = offset,
          .len = static_cast<std::uint32_t>(frame.size()),
          .txid = txid,
          .crc = static_cast<std::uint32_t>(get_little_endian(frame, frame.size() - 4, 4))};
}

}  // namespace datawal::test
