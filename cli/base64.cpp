#include "cli/base64.hpp"

#include <cstdint>

namespace datawal::cli {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t byte_at(std::string_view bytes, std::size_t i) noexcept { return static_cast<unsigned char>(bytes[i]); }

}  // namespace

void append_base64(std::string& text, std::string_view bytes) {
  const std::size_t start = text.size();
  const std::size_t encoded_len = (bytes.size() + 2) / 3 * 4;
  constexpr std::size_t room_for_the_rest = 64;  // of the line: a long one is not copied for its last characters
  text.reserve(start + encoded_len + room_for_the_rest);
  text.resize(start + encoded_len);
  char* out = text.data() + start;
  for (; bytes.size() >= 3; bytes.remove_prefix(3)) {
    const std::uint32_t group = byte_at(bytes, 0) << 16 | byte_at(bytes, 1) << 8 | byte_at(bytes, 2);
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = alphabet[group >> 6 & 63];
    *out++ = alphabet[group & 63];
  }
  if (bytes.empty()) return;
  const std::uint32_t group = byte_at(bytes, 0) << 16 | (bytes.size() == 2 ? byte_at(bytes, 1) << 8 : 0U);
  *out++ = alphabet[group >> 18];
  *out++ = alphabet[group >> 12 & 63];
  *out++ = bytes.size() == 2 ? alphabet[group >> 6 & 63] : '=';
  *out++ = '=';
}

}  // namespace datawal::cli
