#pragma once
// A record: what is appended, what comes back, and where it lies.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace datawal {

inline constexpr std::uint16_t wire_version = 1;                    ///< docs/FORMAT.md
inline constexpr std::uint32_t max_key_len = 64 * 1024;             ///< bytes
inline constexpr std::uint32_t max_payload_len = 64 * 1024 * 1024;  ///< bytes

enum class RecordType : std::uint8_t {
  Raw = 0,     ///< an event of a log; the key/value projection does not see it
  Put = 1,     ///< a key's new value
  Delete = 2,  ///< a tombstone: the key is gone
};

/// Where a record lies, and which one it is. Valid for the store it came from. If another record lies there by now, reading it is
/// `not_found`, even if the txid is the same: a loss of power may take an append that was not durable, and its place and txid go
/// to another record.
struct RecordRef {
  std::uint32_t segment = 0;  ///< segment id, from 1
  std::uint64_t offset = 0;   ///< bytes from the start of the segment to the frame
  std::uint32_t len = 0;      ///< bytes of the whole frame
  std::uint64_t txid = 0;     ///< from 1; one above its predecessor's, unless records were removed
  std::uint32_t crc = 0;      ///< the record's own CRC-32C, as stored at the end of its frame

  friend bool operator==(const RecordRef&, const RecordRef&) = default;
};

/// True if both name the same record of one store, even if a compaction moved it in between: that keeps txid, checksum and length
/// but not segment and offset.
[[nodiscard]] constexpr bool is_same_record(const RecordRef& a, const RecordRef& b) noexcept {
  return a.txid == b.txid && a.crc == b.crc && a.len == b.len;
}

/// `SEGMENT:OFFSET:LEN:TXID:CRC`, the first four in decimal, the last in eight lower-case hexadecimal digits: for a follower that
/// notes its position.
[[nodiscard]] std::string to_string(const RecordRef& ref);

/// Parses what to_string() returned; nullopt for anything else, such as signs, blanks and leading zeros.
[[nodiscard]] std::optional<RecordRef> parse_record_ref(std::string_view text) noexcept;

/// A record that owns its bytes.
struct Record {
  RecordType type = RecordType::Raw;  ///< its kind
  std::uint64_t txid = 0;             ///< its number
  std::string key;                    ///< may be empty
  std::string payload;                ///< may be empty
  RecordRef ref;                      ///< its place
};

/// A record to append. The views need to be valid only during the call.
struct RecordInput {
  RecordType type = RecordType::Raw;  ///< its kind
  std::string_view key{};             ///< 0 .. max_key_len bytes
  std::string_view payload{};         ///< 0 .. max_payload_len bytes
};

/// A record in a buffer of the lender's: valid until the call that the lender names, mostly the next next(). Copy what you need
/// beyond that.
struct RecordView {
  RecordType type = RecordType::Raw;  ///< its kind
  std::uint64_t txid = 0;             ///< its number
  std::string_view key;               ///< may be empty
  std::string_view payload;           ///< may be empty
  RecordRef ref;                      ///< its place
};

}  // namespace datawal
