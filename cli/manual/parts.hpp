#pragma once
// A command line taken apart, for writing pages about it.

#include <CLI/App.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace datawal::cli {

/// One line of `--help`.
struct OptionPart {
  std::string names;  ///< "-f, --follow", or "FILE"
  std::string value;  ///< "N"; empty if it takes none
  std::string text;   ///< lines
  bool is_positional = false;
};

/// The text below the options: a description, then "Examples:", then "Exit status:".
struct FooterParts {
  std::string text, examples, exit_status;
};

/// The options and positionals of a command, as `--help` shows them.
[[nodiscard]] std::vector<OptionPart> options_of(const CLI::App& command);
[[nodiscard]] FooterParts footer_of(const CLI::App& command);

/// The commands of the program, in the order of `--help`.
[[nodiscard]] std::vector<const CLI::App*> commands_of(const CLI::App& program);

/// The words that an option accepts as its value, for completion. None if it accepts anything.
[[nodiscard]] std::string_view words_of(std::string_view option);

}  // namespace datawal::cli
