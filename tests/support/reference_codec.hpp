#pragma once
// The format once more, from its description and for clarity alone: numbers instead of the library's constants, one bit
// of CRC at a time. What the library does is compared with this; it takes only the names of the outcomes from there.

#include <cstdint>
#include <string>
#include <string_view>

#include <datawal/format.hpp>

namespace datawal::test {

inline std::uint32_t reference_crc(std::string_view bytes, std::uint32_t crc = 0) {
  crc = ~crc;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78U : crc >> 1;
  }
  return ~crc;
}

inline void put_little_endian(std::string& to, std::uint64_t value, int size) {
  for (int n = 0; n < size; ++n) to += static_cast<char>(value >> (8 * n) & 0xFF);
}

inline std::uint64_t get_little_endian(std::string_view bytes, std::size_t offset, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t n = size; n-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[offset + n]);
  return value;
}

inline std::string reference_encode(int type, std::uint64_t txid, std::string_view key, std::string_view payload) {
  std::string frame = "DWAL";
  put_little_endian(frame, 1, 2);
  put_little_endian(frame, static_cast<std::uint64_t>(type), 1);
  put_little_endian(frame, 0, 1);
  put_little_endian(frame, txid, 8);
  put_little_endian(frame, key.size(), 4);
  put_little_endian(frame, payload.size(), 4);
  frame.append(key).append(payload);
  put_little_endian(frame, reference_crc(frame), 4);
  return frame;
}

struct ReferenceOutcome {
  format::Stop stop = format::Stop::none;
  int type = 0;
  std::uint64_t txid = 0;
  std::string key;
  std::string payload;
  std::size_t len = 0;
};

inline format::Stop reference_stop(std::string_view rest) {
  using format::Stop;
  const auto zero = [&](std::size_t from, std::size_t to) {
    for (std::size_t n = from; n < to; ++n) {
      if (rest[n] != 0) return false;
    }
    return true;
  };
  if (rest.empty()) return Stop::end_of_input;
  if (zero(0, rest.size())) return Stop::zeros;
  if (rest.size() < 24) return Stop::header_cut;
  int wrong = 0;
  int missing = 0;
  for (std::size_t n = 0; n < 4; ++n) {
    if (rest[n] == "DWAL"[n]) continue;
    ++wrong;
    if (rest[n] == 0) ++missing;
  }
  if (wrong > 0) return wrong == missing ? Stop::torn_magic : Stop::bad_magic;
  const std::uint64_t version = get_little_endian(rest, 4, 2);
  if (version == 0 && zero(6, 24)) return Stop::torn_header;
  if (version != 1) return Stop::unknown_version;
  if (get_little_endian(rest, 6, 1) > 2) return Stop::unknown_type;
  if (get_little_endian(rest, 7, 1) != 0) return Stop::unknown_flags;
  const std::uint64_t key_len = get_little_endian(rest, 16, 4);
  const std::uint64_t payload_len = get_little_endian(rest, 20, 4);
  if (key_len > 65'536) return Stop::key_too_long;
  if (payload_len > 67'108'864) return Stop::payload_too_long;
  const std::uint64_t covered = 24 + key_len + payload_len;
  if (rest.size() < covered + 4) return Stop::body_cut;
  if (reference_crc(rest.substr(0, covered)) != get_little_endian(rest, covered, 4)) return Stop::crc_mismatch;
  return Stop::none;
}

inline ReferenceOutcome reference_decode(std::string_view rest) {
  ReferenceOutcome outcome;
  outcome.stop = reference_stop(rest);
  if (outcome.stop != format::Stop::none) return outcome;
  const std::uint64_t key_len = get_little_endian(rest, 16, 4);
  const std::uint64_t payload_len = get_little_endian(rest, 20, 4);
  outcome.type = static_cast<int>(get_little_endian(rest, 6, 1));
  outcome.txid = get_little_endian(rest, 8, 8);
  outcome.key = rest.substr(24, key_len);
  outcome.payload = rest.substr(24 + key_len, payload_len);
  outcome.len = 28 + key_len + payload_len;
  return outcome;
}

}  // namespace datawal::test
