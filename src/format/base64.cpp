#include <datawal/base64.hpp>

#include <array>
#include <cstdint>

namespace datawal {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two characters for every twelve bits: half the look-ups.
constexpr auto pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return table;
}();

constexpr std::uint8_t invalid = 0xFF;
constexpr auto values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(invalid);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

constexpr std::uint32_t byte(char c) noexcept { return static_cast<unsigned char>(c); }

}  // namespace

void append_base64(std::string& text, std::string_view bytes) {
  const std::size_t begin = text.size();
  text.resize(begin + base64_len(bytes.size()));
  char* out = text.data() + begin;
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, out += 4) {
    const std::uint32_t group = byte(bytes[i]) << 16 | byte(bytes[i + 1]) << 8 | byte(bytes[i + 2]);
    const auto& high = pairs[group >> 12];
    const auto& low = pairs[group & 0xFFF];
    out[0] = high[0];
    out[1] = high[1];
    out[2] = low[0];
    out[3] = low[1];
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t group = byte(bytes[i]) << 16 | (left == 2 ? byte(bytes[i + 1]) << 8 : 0);
  out[0] = alphabet[group >> 18];
  out[1] = alphabet[group >> 12 & 63];
  out[2] = left == 2 ? alphabet[group >> 6 & 63] : '=';
  out[3] = '=';
}

bool decode_base64(std::string_view text, std::string& bytes) {
  bytes.clear();
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t group = 0;
  std::uint32_t bits = 0;
  std::uint32_t wrong = 0;
  for (const char c : text) {
    const std::uint32_t value = values[static_cast<unsigned char>(c)];
    wrong |= value & 0x80U;
    group = group << 6 | (value & 63U);
    bits += 6;
    if (bits == 24) {
      bytes.push_back(static_cast<char>(group >> 16));
      bytes.push_back(static_cast<char>(group >> 8));
      bytes.push_back(static_cast<char>(group));
      bits = 0;
      group = 0;
    }
  }
  if (wrong != 0) return false;
  if (bits == 12) {
    if (padding != 2 || (group & 0xF) != 0) return false;
    bytes.push_back(static_cast<char>(group >> 4));
  } else if (bits == 18) {
    if (padding != 1 || (group & 3) != 0) return false;
    bytes.push_back(static_cast<char>(group >> 10));
    bytes.push_back(static_cast<char>(group >> 2));
  } else if (bits != 0 || padding != 0) {
    return false;
  }
  return true;
}

}  // namespace datawal
