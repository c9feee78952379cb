#include "cli/numbers.hpp"

#include <charconv>
#include <limits>

namespace datawal::cli {

std::optional<std::uint64_t> parse_count(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept {
  constexpr std::string_view units = "KMGT";
  const std::size_t unit = text.empty() ? std::string_view::npos : units.find(text.back());
  if (unit == std::string_view::npos) return parse_count(text);
  text.remove_suffix(1);
  const std::optional<std::uint64_t> count = parse_count(text);
  const auto shift = static_cast<unsigned>(10 * (unit + 1));
  if (!count || *count > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return *count << shift;
}

}  // namespace datawal::cli
