// The text form of a place.

#include <datawal/record.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace datawal {

namespace {

constexpr std::size_t crc_digits = 8;

// Takes the decimal number at the start of `text`, and the colon after it.
template <class Number>
bool take(std::string_view& text, Number& number) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || (colon > 1 && text.front() == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, number);
  if (error != std::errc() || end != text.data() + colon) return false;
  text.remove_prefix(colon + 1);
  return true;
}

bool take_crc(std::string_view text, std::uint32_t& crc) noexcept {
  if (text.size() != crc_digits || text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
  return std::from_chars(text.data(), text.data() + text.size(), crc, 16).ec == std::errc();
}

}  // namespace

std::string to_string(const RecordRef& ref) {
  std::string text;
  for (const std::uint64_t number : {std::uint64_t{ref.segment}, ref.offset, std::uint64_t{ref.len}, ref.txid}) {
    text += std::to_string(number) + ':';
  }
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t n = crc_digits; n-- > 0;) text += digits[ref.crc >> (4 * n) & 0xF];
  return text;
}

std::optional<RecordRef> parse_record_ref(std::string_view text) noexcept {
  RecordRef ref;
  if (!take(text, ref.segment) || !take(text, ref.offset) || !take(text, ref.len) || !take(text, ref.txid) ||
      !take_crc(text, ref.crc)) {
    return std::nullopt;
  }
  return ref;
}

}  // namespace datawal
