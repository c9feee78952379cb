#pragma once
// The happy path of decoding, small enough to be inlined into a scanner's loop, and the writing of headers.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <datawal/format.hpp>

namespace datawal::format {

/// Reads a little-endian integer.
template <class Integer>
[[nodiscard]] inline Integer load(const char* from) noexcept {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

/// Writes a little-endian integer.
template <class Integer>
inline void store(char* to, Integer value) noexcept {
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

/// Offsets of the fields of a frame, in bytes from its start; docs/FORMAT.md.
namespace field {
inline constexpr std::size_t magic = 0;
inline constexpr std::size_t version = 4;
inline constexpr std::size_t type = 6;
inline constexpr std::size_t flags = 7;
inline constexpr std::size_t txid = 8;
inline constexpr std::size_t key_len = 16;
inline constexpr std::size_t payload_len = 20;
inline constexpr std::size_t key = 24;
}  // namespace field
static_assert(field::key == header_len);

/// The header fields that differ from record to record.
struct Header {
  RecordType type = RecordType::Raw;
  std::uint64_t txid = 0;
  std::uint32_t key_len = 0;
  std::uint32_t payload_len = 0;
};

/// Writes the 24 bytes before the key. The caller has checked the lengths against their limits.
inline void encode_header(const Header& header, char* out) noexcept {
  std::memcpy(out, magic.data(), magic.size());
  store(out + field::version, wire_version);
  out[field::type] = static_cast<char>(header.type);
  out[field::flags] = 0;
  store(out + field::txid, header.txid);
  store(out + field::key_len, header.key_len);
  store(out + field::payload_len, header.payload_len);
}

/// The varying fields of the header at `from` (header_len readable bytes), unchecked.
[[nodiscard]] inline Header load_header(const char* from) noexcept {
  return {.type = static_cast<RecordType>(static_cast<unsigned char>(from[field::type])),
          .txid = load<std::uint64_t>(from + field::txid),
          .key_len = load<std::uint32_t>(from + field::key_len),
          .payload_len = load<std::uint32_t>(from + field::payload_len)};
}

[[nodiscard]] constexpr std::uint64_t frame_len(const Header& header) noexcept {
  return frame_len(header.key_len, header.payload_len);
}

/// True if the header at `from` (header_len readable bytes) is that of a record: magic, version, type, flags and both
/// limits. If not, judge_header says what is wrong.
[[nodiscard]] inline bool is_sound_header(const char* from) noexcept {
  // Bytes 0..7 have one value per record type; rotated, they differ from the first one by 0, 1 and 2.
  constexpr std::uint64_t raw_start = 0x0000'0001'4C41'5744;  // "DWAL", version 1, type 0, flags 0
  const std::uint64_t type = std::rotl(load<std::uint64_t>(from) - raw_start, 16);
  return type <= 2 && load<std::uint32_t>(from + field::key_len) <= max_key_len &&
         load<std::uint32_t>(from + field::payload_len) <= max_payload_len;
}

/// What is wrong with the header at the start of `bytes`: torn_magic .. payload_too_long, or none. The caller has checked
/// that there are at least header_len bytes, not all zeros.
[[nodiscard]] Stop judge_header(std::string_view bytes) noexcept;

/// True if all `bytes` are zero.
[[nodiscard]] bool is_all_zeros(std::string_view bytes) noexcept;

/// The stored checksum of the frame of `len` bytes at `from`.
[[nodiscard]] inline std::uint32_t stored_crc(const char* from, std::size_t len) noexcept {
  return load<std::uint32_t>(from + len - crc_len);
}

/// The record of the complete frame at `from`, whose header is sound; does not compare the checksum.
[[nodiscard]] inline DecodedRecord view_record(const char* from, const Header& header) noexcept {
  const auto len = static_cast<std::size_t>(frame_len(header));
  return {.type = header.type,
          .txid = header.txid,
          .key = {from + field::key, header.key_len},
          .payload = {from + field::key + header.key_len, header.payload_len},
          .len = len,
          .crc = stored_crc(from, len)};
}

/// Decodes the whole, valid record at the start of `bytes`, if there is one.
/// @return false if there is none: `record` is untouched, and decode_next, given the rest of the segment, says why
[[nodiscard]] inline bool decode_whole(std::string_view bytes, DecodedRecord& record) noexcept {
  if (bytes.size() < header_len) return false;
  const char* from = bytes.data();
  if (!is_sound_header(from)) return false;
  const Header header = load_header(from);
  const std::uint64_t len = frame_len(header);
  if (bytes.size() < len) return false;
  const std::size_t covered = static_cast<std::size_t>(len) - crc_len;
  if (crc32c({from, covered}) != load<std::uint32_t>(from + covered)) return false;
  record = view_record(from, header);
  return true;
}

}  // namespace datawal::format
