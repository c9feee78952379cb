#pragma once
// Standard base64 with padding (RFC 4648, section 4).

#include <string>
#include <string_view>

namespace datawal::cli {

/// Appends the encoding of `bytes` to `text`.
void append_base64(std::string& text, std::string_view bytes);

}  // namespace datawal::cli
