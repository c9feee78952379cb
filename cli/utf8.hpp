#pragma once
// Telling text from bytes.

#include <cstddef>
#include <string_view>

namespace datawal::cli {

/// The character at the front of some bytes.
struct Character {
  std::size_t len = 0;  ///< bytes; 0 if no well-formed UTF-8 sequence starts here
  char32_t code_point = 0;
};

/// Decodes the first character of `bytes`, which are not empty. Overlong forms, surrogates and values above U+10FFFF are
/// not well-formed.
[[nodiscard]] Character first_character(std::string_view bytes) noexcept;

/// Whether a terminal shows the character in its place: no control character, nothing that turns the direction of
/// writing or is invisible.
[[nodiscard]] bool is_printable(char32_t code_point) noexcept;

}  // namespace datawal::cli
