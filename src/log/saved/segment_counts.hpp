#pragma once
// Counts and a digest of a segment's records.

#include <bit>
#include <cstdint>

#include <datawal/record.hpp>

namespace datawal::log {

/// Records and bytes of one segment, or of several. Exact: rebuilt by replay, kept up by every change.
struct SegmentCounts {
  std::uint64_t raw_records = 0;
  std::uint64_t put_records = 0;
  std::uint64_t delete_records = 0;
  std::uint64_t bytes = 0;         ///< of all frames
  std::uint64_t raw_bytes = 0;     ///< of the frames of Raw records
  std::uint64_t delete_bytes = 0;  ///< of tombstones
  std::uint64_t live_bytes = 0;  ///< of the Puts that are the newest record of their key; 0 where nobody knows the keys

  [[nodiscard]] std::uint64_t records() const noexcept { return raw_records + put_records + delete_records; }
  /// Of Puts that something newer has superseded.
  [[nodiscard]] std::uint64_t dead_put_bytes() const noexcept { return bytes - raw_bytes - delete_bytes - live_bytes; }

  constexpr SegmentCounts& operator+=(const SegmentCounts& other) noexcept {
    raw_records += other.raw_records;
    put_records += other.put_records;
    delete_records += other.delete_records;
    bytes += other.bytes;
    raw_bytes += other.raw_bytes;
    delete_bytes += other.delete_bytes;
    live_bytes += other.live_bytes;
    return *this;
  }
  constexpr SegmentCounts& operator-=(const SegmentCounts& other) noexcept {
    raw_records -= other.raw_records;
    put_records -= other.put_records;
    delete_records -= other.delete_records;
    bytes -= other.bytes;
    raw_bytes -= other.raw_bytes;
    delete_bytes -= other.delete_bytes;
    live_bytes -= other.live_bytes;
    return *this;
  }
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

}  // namespace datawal::log
