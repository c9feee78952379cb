#include "support/reference_jsonl.hpp"

#include <algorithm>
#include <cstdint>

namespace datawal::fuzz {
namespace {

// Reads one JSON text from front to back. Every function returns false at the first byte that cannot be.
class Json {
 public:
  explicit Json(std::string_view text) : text_(text) {}

  void skip_blanks() {
    while (!text_.empty() && std::string_view(" \t\r\n").find(text_.front()) != std::string_view::npos)
      text_.remove_prefix(1);
  }

  bool take(char expected) {
    skip_blanks();
    return take_at_once(expected);
  }

  bool at_end() {
    skip_blanks();
    return text_.empty();
  }

  [[nodiscard]] char front() const { return text_.empty() ? '\0' : text_.front(); }

  bool string(std::string& out) {
    if (!take('"')) return false;
    out.clear();
    for (;;) {
      if (text_.empty()) return false;
      const auto byte = static_cast<unsigned char>(text_.front());
      if (byte < 0x20) return false;
      if (take_at_once('"')) return true;
      if (byte == '\\' ? !escape(out) : !character(out)) return false;
    }
  }

  // Any value, thrown away.
  bool value(int depth = 0) {
    skip_blanks();
    std::string ignored;
    switch (front()) {
      case '"': return string(ignored);
      case '{': return container('{', '}', depth);
      case '[': return container('[', ']', depth);
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

 private:
  bool take_at_once(char expected) {
    if (front() != expected || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool word(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }

  bool digits() {
    const std::size_t before = text_.size();
    while (front() >= '0' && front() <= '9') text_.remove_prefix(1);
    return text_.size() != before;
  }

  bool number() {
    take_at_once('-');
    if (!take_at_once('0') && !digits()) return false;
    if (take_at_once('.') && !digits()) return false;
    if (take_at_once('e') || take_at_once('E')) {
      if (!take_at_once('+')) take_at_once('-');
      return digits();
    }
    return true;
  }

  bool container(char open, char close, int depth) {
    constexpr int max_depth = 512;
    if (depth > max_depth || !take(open)) return false;
    if (take(close)) return true;
    do {
      std::string name;
      if (open == '{' && (!string(name) || !take(':'))) return false;
      if (!value(depth + 1)) return false;
    } while (take(','));
    return take(close);
  }

  bool hex4(std::uint32_t& value) {
    value = 0;
    for (int n = 0; n < 4; ++n) {
      const char c = front();
      const bool is_digit = c >= '0' && c <= '9';
      const char low = static_cast<char>(c | 0x20);
      if (!is_digit && (low < 'a' || low > 'f')) return false;
      value = 16 * value + static_cast<std::uint32_t>(is_digit ? c - '0' : low - 'a' + 10);
      text_.remove_prefix(1);
    }
    return true;
  }

  bool escape(std::string& out) {
    text_.remove_prefix(1);
    if (take_at_once('u')) {
      std::uint32_t code = 0;
      if (!hex4(code)) return false;
      if (code >= 0xD800 && code < 0xDC00) {
        std::uint32_t low = 0;
        if (!word("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else if (code >= 0xDC00 && code <= 0xDFFF) {
        return false;
      }
      append_utf8(out, code);
      return true;
    }
    constexpr std::string_view from = "\"\\/bfnrt";
    constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    const std::size_t at = text_.empty() ? std::string_view::npos : from.find(text_.front());
    if (at == std::string_view::npos) return false;
    out += to[at];
    text_.remove_prefix(1);
    return true;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xC0 | code >> 6);
    } else {
      if (code < 0x10000) {
        put(0xE0 | code >> 12);
      } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
      }
      put(0x80 | (code >> 6 & 0x3F));
    }
    put(0x80 | (code & 0x3F));
  }

  // One character in well-formed UTF-8: no overlong form, no surrogate, nothing above 10FFFF.
  bool character(std::string& out) {
    const auto first = static_cast<unsigned char>(text_.front());
    std::size_t len = 1;
    std::uint32_t code = 0;
    if (first >= 0x80) {
      if (first >= 0xC2 && first <= 0xDF) {
        len = 2;
        code = first & 0x1FU;
      } else if (first >= 0xE0 && first <= 0xEF) {
        len = 3;
        code = first & 0xFU;
      } else if (first >= 0xF0 && first <= 0xF4) {
        len = 4;
        code = first & 7U;
      } else {
        return false;
      }
      if (text_.size() < len) return false;
      for (std::size_t n = 1; n < len; ++n) {
        const auto next = static_cast<unsigned char>(text_[n]);
        if ((next & 0xC0) != 0x80) return false;
        code = code << 6 | (next & 0x3FU);
      }
      const bool is_overlong = (len == 3 && code < 0x800) || (len == 4 && code < 0x10000);
      if (is_overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    }
    out += text_.substr(0, len);
    text_.remove_prefix(len);
    return true;
  }

  std::string_view text_;
};

// Standard base64 with padding, nothing else.
std::optional<std::string> base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t n = 0; n < 4; ++n) {
      const char c = text[at + n];
      const std::size_t value = alphabet.find(c);
      if (c == '=' && n >= 2 && at + 4 == text.size()) {
        ++padding;
      } else if (value == std::string_view::npos || padding > 0) {
        return std::nullopt;
      }
      group = group << 6 | static_cast<std::uint32_t>(c == '=' ? 0 : value);
    }
    const std::uint32_t unused = padding == 0 ? 0 : (1U << (8 * padding)) - 1;
    if ((group & unused) != 0) return std::nullopt;
    for (std::size_t n = 0; n < 3 - padding; ++n) bytes += static_cast<char>(group >> (16 - 8 * n));
  }
  return bytes;
}

}  // namespace

std::optional<ReferencePair> reference_line(std::string_view line) {
  Json json(line);
  std::optional<std::string> key;
  std::optional<std::string> value;
  if (!json.take('{')) return std::nullopt;
  do {
    std::string name;
    std::string text;
    if (!json.string(name) || !json.take(':') || !json.string(text)) return std::nullopt;
    std::optional<std::string>& field = name == "key_b64" ? key : value;
    if ((name != "key_b64" && name != "value_b64") || field) return std::nullopt;
    field = base64(text);
    if (!field) return std::nullopt;
  } while (json.take(','));
  if (!json.take('}') || !json.at_end() || !key || !value) return std::nullopt;
  if (key->size() > 65'536 || value->size() > 67'108'864) return std::nullopt;
  return ReferencePair{std::move(*key), std::move(*value)};
}

std::vector<ReferenceLine> reference_lines(std::string_view text) {
  std::vector<ReferenceLine> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const bool is_blank = std::ranges::all_of(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    if (!is_blank) lines.push_back({.number = number, .pair = reference_line(line)});
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool is_json_object(std::string_view text) {
  Json json(text);
  json.skip_blanks();
  return json.front() == '{' && json.value() && json.at_end();
}

}  // namespace datawal::fuzz
