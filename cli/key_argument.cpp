#include "cli/key_argument.hpp"

#include <CLI/CLI.hpp>

#include <datawal/base64.hpp>

namespace datawal::cli {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> parse_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]);
    const int low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

void add_optional_key(CLI::App& command, std::optional<std::string>& key) {
  CLI::Option* text = add_text(
      command, "--key", [&key](const std::string& value) { key = value; }, "The key as it is typed; may be empty");
  text->option_text("TEXT");
  CLI::Option* base64 = add_text(
      command, "--key-base64",
      [&key](const std::string& value) {
        std::string bytes;
        if (!decode_base64(value, bytes)) throw CLI::ValidationError("--key-base64", "'" + value + "' is no base64");
        key = std::move(bytes);
      },
      "The key in standard padded base64");
  base64->option_text("B64");
  CLI::Option* hex = add_text(
      command, "--key-hex",
      [&key](const std::string& value) {
        std::optional<std::string> bytes = parse_hex(value);
        if (!bytes) throw CLI::ValidationError("--key-hex", "'" + value + "' is no pairs of hexadecimal digits");
        key = std::move(bytes);
      },
      "The key in hexadecimal digits");
  hex->option_text("HEX");
  text->excludes(base64)->excludes(hex);
  base64->excludes(hex);
}

}  // namespace datawal::cli
