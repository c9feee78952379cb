#pragma once
// The key that a command is about: `--key TEXT`, `--key-base64 B64` or `--key-hex HEX`.

#include <optional>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"

namespace datawal::cli {

/// Bytes written as pairs of hexadecimal digits; nullopt if `text` is not that.
[[nodiscard]] std::optional<std::string> parse_hex(std::string_view text);

/// Adds the three options, of which at most one is given, into `key`.
void add_optional_key(CLI::App& command, std::optional<std::string>& key);

}  // namespace datawal::cli
