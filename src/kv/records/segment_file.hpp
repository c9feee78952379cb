#pragma once
// One file of a segment as the index sees it.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/records/extent_table.hpp"
#include "log/read/segment_registry.hpp"

namespace datawal::kv {

/// Records and bytes of one segment, or of several. Exact: rebuilt by replay, kept up by every change.
struct SegmentCounts {
  std::uint64_t raw_records = 0;
  std::uint64_t put_records = 0;
  std::uint64_t delete_records = 0;
  std::uint64_t bytes = 0;         ///< of all frames
  std::uint64_t raw_bytes = 0;     ///< of the frames of Raw records
  std::uint64_t delete_bytes = 0;  ///< of tombstones
  std::uint64_t live_bytes = 0;    ///< of the Puts that are the newest record of their key

  /// Of Puts that something newer has superseded.
  [[nodiscard]] std::uint64_t dead_put_bytes() const noexcept { return bytes - raw_bytes - delete_bytes - live_bytes; }

  SegmentCounts& operator+=(const SegmentCounts& other) noexcept;
  SegmentCounts& operator-=(const SegmentCounts& other) noexcept;
  friend bool operator==(const SegmentCounts&, const SegmentCounts&) = default;
};

/// One more record of `len` bytes; a Put is not live yet.
inline void count(SegmentCounts& counts, RecordType type, std::uint32_t len) noexcept {
  counts.bytes += len;
  switch (type) {
    case RecordType::Raw:
      ++counts.raw_records;
      counts.raw_bytes += len;
      return;
    case RecordType::Put: ++counts.put_records; return;
    case RecordType::Delete:
      ++counts.delete_records;
      counts.delete_bytes += len;
      return;
  }
}

/// The txids of one segment's records, its last one, and a digest of all of them in their order.
struct RecordChain {
  std::uint64_t first_txid = 0;  ///< 0: there is no record
  std::uint64_t last_txid = 0;
  std::uint64_t gaps = 0;  ///< how often a txid is not its predecessor + 1
  std::uint32_t last_len = 0;
  std::uint32_t last_crc = 0;
  std::uint64_t digest =
      0;  ///< of txids, lengths and checksums: a polynomial in `base`, so that chains can be put together
  std::uint64_t scale = 1;  ///< base to the power of how many they are, if it did not come from a file

  friend bool operator==(const RecordChain& a, const RecordChain& b) noexcept {
    return a.first_txid == b.first_txid && a.last_txid == b.last_txid && a.gaps == b.gaps && a.last_len == b.last_len &&
           a.last_crc == b.last_crc && a.digest == b.digest;
  }

  /// The next record.
  void add(std::uint64_t txid, std::uint32_t len, std::uint32_t crc) noexcept {
    constexpr std::uint64_t base = 0x9E37'79B9'7F4A'7C15ULL;
    std::uint64_t value = (txid ^ std::rotl(std::uint64_t{crc} << 32 | len, 17)) * 0xBF58'476D'1CE4'E5B9ULL;
    value ^= value >> 29;
    add({.first_txid = txid, .last_txid = txid, .last_len = len, .last_crc = crc, .digest = value, .scale = base});
  }
  /// The next records.
  void add(const RecordChain& next) noexcept {
    if (next.first_txid == 0) return;
    gaps += next.gaps;
    if (first_txid == 0) {
      first_txid = next.first_txid;
    } else if (next.first_txid != last_txid + 1) {
      ++gaps;
    }
    last_txid = next.last_txid;
    last_len = next.last_len;
    last_crc = next.last_crc;
    digest = digest * next.scale + next.digest;
    scale *= next.scale;
  }
};

/// A mapping for reading, one of those that the stores and readers of this process may have: a quarter of what Linux lets a
/// process have unless told otherwise (vm.max_map_count: 65,530), for the program and its allocator need some too.
class CountedMapping {
 public:
  static constexpr std::uint32_t limit = 16'384;

  CountedMapping() = default;
  ~CountedMapping() { reset(); }
  CountedMapping(const CountedMapping&) = delete;
  CountedMapping& operator=(const CountedMapping&) = delete;

  /// Maps the first `length` bytes. Where it may not or cannot be, also for lack of memory, there is no mapping.
  void map(safeatomic::File& file, std::uint64_t length) noexcept;
  void reset() noexcept;
  /// Null if there is none.
  [[nodiscard]] const char* data() const noexcept { return mapping_ ? mapping_->bytes().data() : nullptr; }

 private:
  static inline std::atomic<std::uint32_t> mapped_files{0};
  std::unique_ptr<safeatomic::Mapping> mapping_;
};

/// A segment's file as it is read back, and the addresses of its bytes. It lives, and its addresses keep their meaning, as long
/// as somebody has it: the registry while it is one of its files, whoever takes it out of there until the last reader without
/// a lock has left, and every PinnedAddressSpace of before.
struct SegmentFile : log::SegmentFile {
  explicit SegmentFile(ExtentTable& table) noexcept : extents(table, *this) {}

  std::atomic<std::uint64_t> end{0};  // whole records lie below; nothing is read beyond
  const char* mapped = nullptr;
  std::uint64_t mapped_len = 0;
  CountedMapping mapping{};
  Extents extents;
  RecordChain chain{};                       // by the lock of the space's owner
  SegmentCounts counts{};                    // by the lock of the space's owner, and changed by the space alone
  bool is_complete = true;                   // false while its records are being moved; by the same lock
  bool is_counted = true;                    // false: what it holds was not counted by reading it; set once, at open
  std::uint64_t needed_tombstone_bytes = 0;  // see AddressSpace::needed_tombstone_bytes
  std::uint64_t needed_as_of = 0;
  std::uint64_t added_at = 0;  // all three by the mutex of RemovedFiles
  std::uint64_t removed_at = 0;
  std::shared_ptr<SegmentFile> removed_after{};
};

/// All files of a store with keys are of this kind: its AddressSpace makes them.
[[nodiscard]] inline SegmentFile& with_addresses(log::SegmentFile& file) noexcept {
  return static_cast<SegmentFile&>(file);
}
[[nodiscard]] inline std::shared_ptr<SegmentFile> with_addresses(std::shared_ptr<log::SegmentFile> file) noexcept {
  return std::static_pointer_cast<SegmentFile>(std::move(file));
}

}  // namespace datawal::kv
