#pragma once
// Standard base64 with padding (RFC 4648, section 4): the form of keys and values in JSON lines and in the program's output.

#include <cstddef>
#include <string>
#include <string_view>

namespace datawal {

/// Characters that `bytes` bytes encode to.
[[nodiscard]] constexpr std::size_t base64_len(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

/// Appends the text of `bytes` to `text`. Any thread.
void append_base64(std::string& text, std::string_view bytes);

/// Decodes `text` into `bytes`, replacing what is there. Strict. Any thread.
/// @return false if it is not what append_base64 writes: a wrong character, length, padding, or nonzero bits after the last
///   byte; `bytes` is then unspecified
[[nodiscard]] bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace datawal
