#pragma once
// Telling text from bytes: how names, and what else is not ours, stand in messages.

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

/// Whether a terminal shows the character in its place: no control character, nothing that turns the direction of
/// writing or is invisible. Any thread.
[[nodiscard]] bool is_printable(char32_t code_point) noexcept;

/// `bytes` as text that is valid UTF-8 and drives no terminal: each byte of what is neither stands as `\xNN`. Any thread.
[[nodiscard]] std::string printable(std::string_view bytes);

/// A path as one word of a shell, for a message or a command to paste: as it is if nothing in it has a meaning to the shell,
/// else in quotes, and where it holds what printable() would not show, as `$'...'`. Always printable. Any thread.
[[nodiscard]] std::string shell_word(const std::filesystem::path& path);

}  // namespace datawal
