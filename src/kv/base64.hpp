#pragma once
// Standard base64 with padding (RFC 4648, section 4), strict when it reads.

#include <cstddef>
#include <string>
#include <string_view>

namespace datawal::kv {

[[nodiscard]] constexpr std::size_t base64_len(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

/// Appends the text of `bytes` to `to`.
void append_base64(std::string_view bytes, std::string& to);

/// Decodes `text` into `bytes`, replacing what is there.
/// @return false if it is not what append_base64 writes: a wrong character, length, padding or unused bits
[[nodiscard]] bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace datawal::kv
