#include "cli/manual/completion.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <set>
#include <sstream>
#include <vector>

#include "cli/manual/parts.hpp"

namespace datawal::cli {
namespace {

// "-f, --follow" as its parts.
std::vector<std::string> names_of(const OptionPart& option) {
  std::vector<std::string> names;
  std::istringstream words(option.names);
  for (std::string name; words >> name;) {
    if (name.ends_with(',')) name.pop_back();
    names.push_back(name);
  }
  return names;
}

std::string words_of_options(const CLI::App& app) {
  std::string words;
  for (const OptionPart& option : options_of(app)) {
    if (option.is_positional) continue;
    for (const std::string& name : names_of(option)) words += (words.empty() ? "" : " ") + name;
  }
  return words;
}

// The first line of an option's text, without characters that zsh would interpret.
std::string zsh_text(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  for (char& c : line) {
    if (c == '[' || c == ']' || c == ':' || c == '\'' || c == '\\') c = ' ';
  }
  return line;
}

std::string zsh_options(const CLI::App& app) {
  std::string specs;
  for (const OptionPart& option : options_of(app)) {
    if (option.is_positional) continue;
    for (const std::string& name : names_of(option)) {
      specs += fmt::format("    '{}[{}]", name, zsh_text(option.text));
      if (!option.value.empty()) {
        const std::string_view words = words_of(name);
        const std::string action = words.empty() ? std::string("_files") : fmt::format("({})", words);
        specs += fmt::format(":{}:{}", option.value, action);
      }
      specs += "' \\\n";
    }
  }
  return specs;
}

// What no shell takes for anything but a name.
std::string function_of(const CLI::App& program) {
  std::string name = '_' + program.get_name();
  std::ranges::replace(name, '-', '_');
  return name;
}

// A case for each option of any command that takes words.
std::string bash_words(const CLI::App& program) {
  std::set<std::string> options;
  for (const CLI::App* command : commands_of(program)) {
    for (const OptionPart& option : options_of(*command)) {
      for (const std::string& name : names_of(option)) {
        if (!words_of(name).empty()) options.insert(name);
      }
    }
  }
  std::string cases;
  for (const std::string& option : options) {
    cases += fmt::format(R"(    {}) mapfile -t COMPREPLY < <(compgen -W "{}" -- "$current"); return ;;)"
                         "\n",
                         option, words_of(option));
  }
  return cases.empty() ? cases : fmt::format("  case $previous in\n{}  esac\n", cases);
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : commands_of(program)) {
    commands += (commands.empty() ? "" : " ") + command->get_name();
    cases += fmt::format("    {}) options=\"{}\" ;;\n", command->get_name(), words_of_options(*command));
  }
  return fmt::format(R"(# bash completion for {0}, written by its build.
{1}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command='' options='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    if [[ $word != -* ]]; then
      command=$word
      break
    fi
  done
  COMPREPLY=()
{2}  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "{3} {4}" -- "$current"); return ;;
{5}  esac
  if [[ $current == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current"); fi
}}
complete -o bashdefault -o default -F {1} {0}
)",
                     program.get_name(), function_of(program), bash_words(program), commands, words_of_options(program),
                     cases);
}

std::string zsh_completion(const CLI::App& program) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : commands_of(program)) {
    commands += fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
    cases += fmt::format("  {})\n    _arguments \\\n{}    '*:file:_files' ;;\n", command->get_name(),
                         zsh_options(*command));
  }
  return fmt::format(R"(#compdef {0}
# zsh completion for {0}, written by its build.
{1}() {{
  local context state line
  local -a commands=(
{2}  )
  _arguments -C \
{3}    '1:command:->command' '*::argument:->argument' && return
  if [[ $state == command ]]; then
    _describe command commands
    return
  fi
  case ${{line[1]}} in
{4}  esac
}}
{1} "$@"
)",
                     program.get_name(), function_of(program), commands, zsh_options(program), cases);
}

}  // namespace datawal::cli
