#include "cli/human.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include <datawal/base64.hpp>
#include <datawal/text.hpp>

namespace datawal::cli {
namespace {

bool is_plain(char c) noexcept { return (c >= 0x20 && c <= 0x7E) || c == '\t'; }

bool needs_quotes(std::string_view text) noexcept {
  return text.find_first_of(" \t\"\\") != std::string_view::npos || text.starts_with("b64:") ||
         text.starts_with("hex:");
}

// Printable ASCII and tabs only.
void append_plain_text(std::string& line, std::string_view bytes) {
  if (!needs_quotes(bytes)) {
    line += bytes;
    return;
  }
  line += '"';
  for (const char c : bytes) {
    if (c == '\t') {
      line += "\\t";
    } else {
      if (c == '"' || c == '\\') line += '\\';
      line += c;
    }
  }
  line += '"';
}

void append_escaped(std::string& line, std::string_view bytes) {
  for (const char byte : bytes) {
    switch (byte) {
      case '\n': line += "\\n"; break;
      case '\r': line += "\\r"; break;
      case '\t': line += "\\t"; break;
      default: fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
}

void append_text(std::string& line, std::string_view bytes) {
  const std::size_t start = line.size();
  bool quote = needs_quotes(bytes);
  while (!bytes.empty()) {
    const Character c = first_character(bytes);
    const std::size_t len = std::max<std::size_t>(c.len, 1);
    if (c.len != 0 && is_printable(c.code_point)) {
      if (c.code_point == '"' || c.code_point == '\\') line += '\\';
      line += bytes.substr(0, len);
    } else {
      quote = true;
      append_escaped(line, bytes.substr(0, len));
    }
    bytes.remove_prefix(len);
  }
  if (!quote) return;
  line.insert(start, 1, '"');
  line += '"';
}

void append_encoded(std::string& line, std::string_view bytes, BytesMode mode) {
  if (mode != BytesMode::hex) {
    line += "b64:";
    return append_base64(line, bytes);
  }
  line += "hex:";
  for (const char byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    line += digits[value >> 4];
    line += digits[value & 15];
  }
}

// Cuts before a character that the limit would split.
std::string_view whole_characters(std::string_view bytes, std::size_t limit) noexcept {
  std::size_t end = limit;
  while (end > 0 && limit - end < 3 && (static_cast<unsigned char>(bytes[end]) & 0xC0) == 0x80) --end;
  const Character at_end = first_character(bytes.substr(end));
  return bytes.substr(0, at_end.len > limit - end ? end : limit);
}

// As the lines of the reference have them.
std::string_view text_of(RecordType type) noexcept {
  switch (type) {
    case RecordType::Raw: return "RAW";
    case RecordType::Put: return "PUT";
    case RecordType::Delete: return "DEL";
  }
  return "???";
}

void append_place(std::string& line, const RecordView& record, const RecordStyle& style) {
  fmt::format_to(std::back_inserter(line),
                 "seg={:08} off={:>10} len={:>8} type={:<3} txid={:>10} key=", record.ref.segment, record.ref.offset,
                 record.ref.len, text_of(record.type), record.txid);
  append_shown(line, record.key, style);
}

}  // namespace

void append_shown(std::string& line, std::string_view bytes, const RecordStyle& style) {
  if (bytes.empty()) return;
  const bool cut = style.truncate && bytes.size() > shown_bytes;
  const std::string_view head = cut ? bytes.substr(0, shown_bytes) : bytes;
  if (style.bytes == BytesMode::raw) {
    append_text(line, cut ? whole_characters(bytes, shown_bytes) : bytes);
  } else if (style.bytes == BytesMode::automatic && std::ranges::all_of(bytes, is_plain)) {
    append_plain_text(line, head);
  } else {
    append_encoded(line, head, style.bytes);
  }
  if (cut) line += "...";
}

void append_record_line(std::string& line, const RecordView& record, const RecordStyle& style) {
  append_place(line, record, style);
  line += " payload=";
  append_shown(line, record.payload, style);
  line += '\n';
}

void append_frame_line(std::string& line, const RecordView& record, const RecordStyle& style) {
  append_place(line, record, style);
  fmt::format_to(std::back_inserter(line), " key_len={} payload_len={}\n", record.key.size(), record.payload.size());
}

std::string_view name_of(RecordType type) noexcept {
  switch (type) {
    case RecordType::Raw: return "Raw";
    case RecordType::Put: return "Put";
    case RecordType::Delete: return "Delete";
  }
  return "unknown";
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace datawal::cli
