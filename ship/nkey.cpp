#include "ship/nkey.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace datawal::ship {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t key_len = 32;
constexpr std::uint8_t kind_user = 20 << 3;  // a base32 'U'
constexpr std::uint8_t kind_seed = 18 << 3;  // an 'S', whose three lower bits begin what it is a seed of

std::optional<Bytes> base32_decoded(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 5 | static_cast<std::uint32_t>(value)) & 0xFFF;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  return bytes;
}

std::string base32_encoded(const Bytes& bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0xFFF;
    for (count += 8; count >= 5; count -= 5) text += alphabet[bits >> (count - 5) & 31];
  }
  if (count > 0) text += alphabet[bits << (5 - count) & 31];
  return text;
}

// CRC-16/XMODEM.
std::uint16_t crc16(const Bytes& bytes, std::size_t size) {
  std::uint32_t crc = 0;
  for (std::size_t n = 0; n < size; ++n) {
    crc ^= static_cast<std::uint32_t>(bytes[n]) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
    crc &= 0xFFFF;
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace

std::optional<std::string> user_key_of(std::string_view seed) {
  const std::optional<Bytes> bytes = base32_decoded(seed);
  if (!bytes || bytes->size() != 2 + key_len + 2) return std::nullopt;
  const Bytes& raw = *bytes;
  const std::uint16_t crc = crc16(raw, raw.size() - 2);
  const bool is_intact = raw[raw.size() - 2] == (crc & 0xFF) && raw[raw.size() - 1] == crc >> 8;
  const auto kind = static_cast<std::uint8_t>((raw[0] & 7) << 5 | raw[1] >> 3);
  if (!is_intact || (raw[0] & 0xF8) != kind_seed || kind != kind_user) return std::nullopt;
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, &raw[2], key_len), &EVP_PKEY_free);
  std::array<std::uint8_t, key_len> open{};
  std::size_t size = open.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), open.data(), &size) != 1) return std::nullopt;
  Bytes user = {kind_user};
  user.insert(user.end(), open.begin(), open.end());
  const std::uint16_t check = crc16(user, user.size());
  user.push_back(static_cast<std::uint8_t>(check & 0xFF));
  user.push_back(static_cast<std::uint8_t>(check >> 8));
  return base32_encoded(user);
}

std::optional<std::string> seed_in(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (user_key_of(line)) return std::string(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace datawal::ship
