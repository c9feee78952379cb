#pragma once
// Tells text from bytes: how messages show names and other foreign bytes.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace datawal {

/// The character at the front of some bytes.
struct Character {
  std::size_t len = 0;      ///< bytes; 0 if no well-formed UTF-8 sequence starts here
  char32_t code_point = 0;  ///< in Unicode
};

/// Decodes the first character of `bytes`, which are not empty. Overlong forms, surrogates and values above U+10FFFF are
/// not well-formed. Any thread.
[[nodiscard]] Character first_character(std::string_view bytes) noexcept;

/// True if a terminal shows the character in its place: it is no control character, is visible and does not change the
/// direction of writing. Any thread.
[[nodiscard]] bool is_printable(char32_t code_point) noexcept;

/// `bytes` as text that is valid UTF-8 and controls no terminal: every other byte is shown as `\xNN`. Any thread.
[[nodiscard]] std::string printable(std::string_view bytes);

/// A path as one word of a shell, for a message or a command to paste: unchanged if nothing in it is special to the shell,
/// else in quotes, or as `$'...'` if it holds what printable() would not show. Always printable. Any thread.
[[nodiscard]] std::string shell_word(const std::filesystem::path& path);

}  // namespace datawal
