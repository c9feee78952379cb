#pragma once
// Bytes as tests write them down.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace datawal::test {

inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw std::invalid_argument("no hex digit: " + std::string(1, c));
}

/// "44 57x3 00" is 44 57 57 57 00: `x` repeats the byte before it, blanks mean nothing.
inline std::string from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
    } else if (text[at] == 'x') {
      std::size_t count = 0;
      for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        count = count * 10 + static_cast<std::size_t>(text[at] - '0');
      }
      bytes.append(count - 1, bytes.back());
    } else {
      if (at + 1 == text.size()) throw std::invalid_argument("half a byte at the end");
      bytes += static_cast<char>(hex_digit(text[at]) * 16 + hex_digit(text[at + 1]));
      at += 2;
    }
  }
  return bytes;
}

inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4];
    text += digits[value & 15];
  }
  return text;
}

}  // namespace datawal::test
