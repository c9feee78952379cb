#include "cli/utf8.hpp"

namespace datawal::cli {
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
  return {lead.len, code_point};
}

bool is_printable(char32_t code_point) noexcept {
  if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) return false;
  if (code_point >= 0x200B && code_point <= 0x200F) return false;  // zero width, direction marks
  if (code_point >= 0x2028 && code_point <= 0x202E) return false;  // separators, direction overrides
  if (code_point >= 0x2060 && code_point <= 0x206F) return false;  // invisible operators, direction isolates
  return code_point != 0xFEFF && code_point < 0xE0000;
}

}  // namespace datawal::cli
