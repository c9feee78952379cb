#pragma once
// Lines of JSON read once more, for clarity alone: an object of exactly the two strings, in base64.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace datawal::fuzz {

struct ReferencePair {
  std::string key{};
  std::string value{};
};

/// A line that is not blank.
struct ReferenceLine {
  std::size_t number;                 ///< from 1, blank ones counted
  std::optional<ReferencePair> pair;  ///< nullopt: it is no record
};

/// The record in a line; nullopt if it is none.
[[nodiscard]] std::optional<ReferencePair> reference_line(std::string_view line);

/// Of all lines of a text, the last of which need not end.
[[nodiscard]] std::vector<ReferenceLine> reference_lines(std::string_view text);

/// A JSON object at the start of `text` (RFC 8259), values of any kind, and nothing but white space behind it.
[[nodiscard]] bool is_json_object(std::string_view text);

}  // namespace datawal::fuzz
