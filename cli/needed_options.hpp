#pragma once
// What a usage may not hide among [OPTIONS].

#include <CLI/CLI.hpp>

#include <string>

namespace datawal::cli {

/// " -o FILE": the options that a command cannot do without.
[[nodiscard]] inline std::string needed_options(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || !option->get_required()) continue;
    const std::string names = option->get_name(false, true);
    text.append(" ").append(names, 0, names.find(',')).append(" ").append(option->get_option_text());
  }
  return text;
}

}  // namespace datawal::cli
