#include <algorithm>

#include "format/frame.hpp"

namespace datawal::format {

std::expected<std::size_t, EncodeError> encode(RecordType type, std::uint64_t txid, std::string_view key,
                                               std::string_view payload, std::span<char> out) noexcept {
  if (type > RecordType::Delete) return std::unexpected(EncodeError::unknown_type);
  if (key.size() > max_key_len) return std::unexpected(EncodeError::key_too_long);
  if (payload.size() > max_payload_len) return std::unexpected(EncodeError::payload_too_long);
  const auto len = static_cast<std::size_t>(frame_len(key.size(), payload.size()));
  if (out.size() < len) return std::unexpected(EncodeError::no_room);

  char* to = out.data();
  encode_header({.type = type,
                 .txid = txid,
                 .key_len = static_cast<std::uint32_t>(key.size()),
                 .payload_len = static_cast<std::uint32_t>(payload.size())},
                to);
  std::ranges::copy(key, to + field::key);
  std::ranges::copy(payload, to + field::key + key.size());
  const std::size_t covered = len - crc_len;
  store(to + covered, crc32c({to, covered}));
  return len;
}

}  // namespace datawal::format
