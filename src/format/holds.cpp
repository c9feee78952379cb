#include "format/holds.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "format/frame.hpp"

namespace datawal::format {

namespace {

constexpr std::string_view any_head = "datawal holds ";
constexpr std::string_view checksum_name = "crc32c ";
constexpr std::size_t checksum_digits = 8;
constexpr std::size_t checksum_len = checksum_name.size() + checksum_digits + 1;
static_assert(checksum_len == 16);  // max_holds_len counts it

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::string checksum_line(std::string_view body) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string line(checksum_name);
  const std::uint32_t crc = crc32c(body);
  for (std::size_t n = checksum_digits; n-- > 0;) line += digits[crc >> (4 * n) & 0xF];
  return line + '\n';
}

// NAME TXID
std::optional<Hold> parse_line(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  Hold hold{.name = std::string(line.substr(0, blank))};
  const std::string_view number = line.substr(blank + 1);
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), hold.txid);
  if (!is_hold_name(hold.name) || failed != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return hold;
}

bool is_newer(std::string_view bytes) noexcept {
  if (!bytes.starts_with(any_head) || bytes.starts_with(holds_head)) return false;
  bytes.remove_prefix(any_head.size());
  const std::size_t digits = bytes.find('\n');
  constexpr std::size_t most_digits = 9;
  return digits != std::string_view::npos && digits > 0 && digits <= most_digits &&
         std::ranges::all_of(bytes.substr(0, digits), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_hold_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= max_hold_name_len && name.front() != '-' &&
         std::ranges::all_of(name, is_name_character);
}

std::string encode_holds(std::span<const Hold> holds) {
  std::string text(holds_head);
  for (const Hold& hold : holds) text.append(hold.name).append(" ").append(std::to_string(hold.txid)).append("\n");
  return text + checksum_line(text);
}

DecodedHolds decode_holds(std::string_view bytes) {
  if (is_newer(bytes)) return {.file = HoldsFile::newer_version};
  if (bytes.size() > max_holds_len || bytes.size() < holds_head.size() + checksum_len) return {};
  const std::string_view body = bytes.substr(0, bytes.size() - checksum_len);
  if (!body.starts_with(holds_head) || bytes.substr(body.size()) != checksum_line(body)) return {};
  DecodedHolds decoded{.file = HoldsFile::whole};
  for (std::string_view left = body.substr(holds_head.size()); !left.empty();) {
    const std::size_t end = left.find('\n');
    if (end == std::string_view::npos) return {};
    std::optional<Hold> hold = parse_line(left.substr(0, end));
    const bool is_next = hold && decoded.holds.size() < max_holds &&
                         (decoded.holds.empty() || decoded.holds.back().name < hold->name);
    if (!is_next) return {};
    decoded.holds.push_back(std::move(*hold));
    left.remove_prefix(end + 1);
  }
  // Each set of holds has exactly one text: a number with a leading zero, for example, is refused.
  if (encode_holds(decoded.holds) != bytes) return {};
  return decoded;
}

}  // namespace datawal::format
