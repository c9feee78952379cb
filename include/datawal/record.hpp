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

/// Where a record lies, and which one it is. Valid for the store it came from: if another record lies there by now, also one with
/// the same txid (what was appended but not durable may be lost with the power, and its place and txid given to another), reading
/// it is `not_found`.
struct RecordRef {
  std::uint32_t segment = 0;  ///< segment id, from 1
  std::uint64_t offset = 0;   ///< bytes from the start of the segment to the frame
  std::uint32_t len = 0;      ///< bytes of the whole frame
  std::uint64_t txid = 0;     ///< from 1; one above its predecessor's, unless records were removed
  std::uint32_t crc = 0;      ///< the record's own CRC-32C, as it stands at the end of its frame

  friend bool operator==(const RecordRef&, const RecordRef&) = default;
};

/// Whether both are of the same record of one store, though a compaction may have moved it in between: txid, checksum and length are the
/// record's own, and stay; its segment and offset do not.
[[nodiscard]] constexpr bool is_same_record(const RecordRef& a, const RecordRef& b) noexcept {
  return a.txid == b.txid && a.crc == b.crc && a.len == b.len;
}

/// `SEGMENT:OFFSET:LEN:TXID:CRC`, the first four in decimal, the last in eight lower-case hexadecimal digits: for a follower that notes
/// how far it has come.
[[nodiscard]] std::string to_string(const RecordRef& ref);

/// What to_string() gave; nullopt for anything else. No sign, no blank, no leading zero is taken.
[[nodiscard]] std::optional<RecordRef> parse_record_ref(std::string_view text) noexcept;

/// A record that owns its bytes.
struct Record {
  RecordType type = RecordType::Raw;  ///< its kind
  std::uint64_t txid = 0;             ///< its number
  std::string key;                    ///< may be empty
  std::string payload;                ///< may be empty
  RecordRef ref;                      ///< its place
};

/// A record to be appended. The views need to be valid during the call only.
struct RecordInput {
  RecordType type = RecordType::Raw;  ///< its kind
  std::string_view key{};             ///< 0 .. max_key_len bytes
  std::string_view payload{};         ///< 0 .. max_payload_len bytes
};

/// A record in somebody else's buffer: valid until the call that the lender names, mostly the next next(). Never keep one over that: copy
/// what you need.
struct RecordView {
  RecordType type = RecordType::Raw;  ///< its kind
  std::uint64_t txid = 0;             ///< its number
  std::string_view key;               ///< may be empty
  std::string_view payload;           ///< may be empty
  RecordRef ref;                      ///< its place
};

}  // namespace datawal
