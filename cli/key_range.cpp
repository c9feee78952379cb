#include "cli/key_range.hpp"

#include <CLI/CLI.hpp>

namespace datawal::cli {

void add_key_range(CLI::App& command, CursorOptions& range) {
  add_text(
      command, "--prefix",
      [&range](const std::string& text) {
        // What an unset variable of a script leaves would be all keys.
        if (text.empty()) throw CLI::ValidationError("--prefix", "it is empty");
        range.prefix = text;
      },
      "Only keys that begin with TEXT")
      ->option_text("TEXT");
  add_text(
      command, "--from", [&range](const std::string& text) { range.from = text; }, "Only this key and those behind it")
      ->option_text("KEY");
  add_text(
      command, "--to", [&range](const std::string& text) { range.until = text; }, "Only keys before this one")
      ->option_text("KEY");
}

bool is_bounded(const CursorOptions& range) noexcept {
  return !range.prefix.empty() || range.from.has_value() || range.until.has_value();
}

}  // namespace datawal::cli
