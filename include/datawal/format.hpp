#pragma once
// Bytes <-> records, wire version 1 (docs/FORMAT.md). Pure functions over spans: no I/O, no allocation, any thread.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include <datawal/record.hpp>

namespace datawal::format {

inline constexpr std::string_view magic{"DWAL", 4};
inline constexpr std::size_t header_len = 24;  ///< magic .. payload_len
inline constexpr std::size_t crc_len = 4;      ///< CRC-32C after the payload, of all bytes before it

/// Bytes of a whole frame.
[[nodiscard]] constexpr std::uint64_t frame_len(std::uint64_t key_len, std::uint64_t payload_len) noexcept {
  return header_len + key_len + payload_len + crc_len;
}

/// The largest frame there is, in bytes.
inline constexpr std::uint64_t max_frame_len = frame_len(max_key_len, max_payload_len);

enum class EncodeError : std::uint8_t { key_too_long, payload_too_long, no_room, unknown_type };

/// Writes one frame to the start of `out`.
/// @return its length, or why nothing was written; no_room if `out` is shorter than frame_len()
[[nodiscard]] std::expected<std::size_t, EncodeError> encode(RecordType type, std::uint64_t txid, std::string_view key,
                                                             std::string_view payload, std::span<char> out) noexcept;

/// Why decoding stopped, in the order of the checks.
enum class Stop : std::uint8_t {
  none,              ///< it did not: a whole record
  end_of_input,      ///< no byte is left
  zeros,             ///< only zero bytes are left
  header_cut,        ///< fewer bytes than a header
  torn_magic,        ///< the magic with one to four of its bytes zero
  bad_magic,         ///< any other first four bytes
  torn_header,       ///< version 0, and all header bytes after it zero
  unknown_version,   ///< any other version than 1
  unknown_type,      ///< a record type above 2
  unknown_flags,     ///< flags that are not 0
  key_too_long,      ///< key_len above max_key_len
  payload_too_long,  ///< payload_len above max_payload_len
  body_cut,          ///< fewer bytes than the header announces
  crc_mismatch,      ///< all bytes are present, but not as written
  txid_order,  ///< a whole record whose txid is not above that of the one before; found by readers of a log, not by the codec
};
using DecodeError = Stop;

/// "checksum mismatch": what the stop means, for messages.
[[nodiscard]] std::string_view describe(Stop stop) noexcept;

/// One record, viewing the decoded bytes.
struct DecodedRecord {
  RecordType type = RecordType::Raw;  ///< its kind
  std::uint64_t txid = 0;             ///< its number
  std::string_view key;               ///< may be empty
  std::string_view payload;           ///< may be empty
  std::size_t len = 0;                ///< bytes of the whole frame
  std::uint32_t crc = 0;              ///< the frame's checksum
};

/// A record, or why there is none.
struct DecodeOutcome {
  Stop stop = Stop::end_of_input;  ///< none if it is a record
  DecodedRecord record;            ///< meaningful if `stop` is none
  [[nodiscard]] explicit operator bool() const noexcept { return stop == Stop::none; }  ///< true for a record
};

/// Decodes the frame at the start of `bytes`, which must be all that is left of the segment. Never reads outside it.
[[nodiscard]] DecodeOutcome decode_next(std::string_view bytes) noexcept;

/// CRC-32C (Castagnoli, reflected; E3069283 of "123456789") of `bytes`, continuing `crc`, that of the bytes before
/// them (0: there are none).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0) noexcept;

}  // namespace datawal::format
