#include <datawal/text.hpp>

#include <algorithm>

namespace datawal {

namespace {

struct Lead {
  std::size_t len;
  char32_t bits;
  char32_t smallest;  // anything below has a shorter form
};

Lead lead_of(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC0 && byte < 0xE0) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte < 0xF8) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

void append_escaped(std::string& text, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += {'\\', 'x', digits[value >> 4], digits[value & 15]};
  }
}

// Calls `shown` for each printable character, and `hidden` for the bytes of anything else.
template <class Shown, class Hidden>
void split(std::string_view bytes, Shown shown, Hidden hidden) {
  while (!bytes.empty()) {
    const Character c = first_character(bytes);
    const std::string_view taken = bytes.substr(0, std::max<std::size_t>(c.len, 1));
    if (c.len != 0 && is_printable(c.code_point)) {
      shown(taken);
    } else {
      hidden(taken);
    }
    bytes.remove_prefix(taken.size());
  }
}

// Between single quotes a shell takes everything literally, except the quote.
std::string single_quoted(std::string_view path) {
  std::string word = "'";
  for (const char c : path) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + '\'';
}

std::string dollar_quoted(std::string_view path) {
  std::string word = "$'";
  split(
      path,
      [&](std::string_view shown) {
        if (shown == "'" || shown == "\\") word += '\\';
        word += shown;
      },
      [&](std::string_view hidden) { append_escaped(word, hidden); });
  return word + '\'';
}

}  // namespace

Character first_character(std::string_view bytes) noexcept {
  const Lead lead = lead_of(static_cast<unsigned char>(bytes.front()));
  if (lead.len == 0 || lead.len > bytes.size()) return {};
  char32_t code_point = lead.bits;
  for (std::size_t i = 1; i < lead.len; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if ((byte & 0xC0) != 0x80) return {};
    code_point = (code_point << 6) | (byte & 0x3FU);
  }
  const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < lead.smallest || code_point > 0x10FFFF || is_surrogate) return {};
  return {.len = lead.len, .code_point = code_point};
}

bool is_printable(char32_t code_point) noexcept {
  if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) return false;
  if (code_point >= 0x200B && code_point <= 0x200F) return false;  // zero width, direction marks
  if (code_point >= 0x2028 && code_point <= 0x202E) return false;  // separators, direction overrides
  if (code_point >= 0x2060 && code_point <= 0x206F) return false;  // invisible operators, direction isolates
  return code_point != 0xFEFF && code_point < 0xE0000;
}

std::string printable(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  split(
      bytes, [&](std::string_view shown) { text += shown; },
      [&](std::string_view hidden) { append_escaped(text, hidden); });
  return text;
}

std::string shell_word(const std::filesystem::path& path) {
  const std::string_view name = path.native();
  constexpr std::string_view plain = "/._-+:@%=,";
  bool is_shown = true;
  bool is_plain = !name.empty();
  split(
      name,
      [&](std::string_view shown) {
        const char c = shown.front();
        is_plain = is_plain && (shown.size() > 1 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                (c >= 'a' && c <= 'z') || plain.find(c) != std::string_view::npos);
      },
      [&](std::string_view) { is_shown = false; });
  if (!is_shown) return dollar_quoted(name);
  return is_plain ? std::string(name) : single_quoted(name);
}

}  // namespace datawal
