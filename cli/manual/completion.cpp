#include "cli/manual/completion.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

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

}  // namespace

std::string bash_completion(const CLI::App& program) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : commands_of(program)) {
    commands += (commands.empty() ? "" : " ") + command->get_name();
    cases += fmt::format("    {}) options=\"{}\" ;;\n", command->get_name(), words_of_options(*command));
  }
  return fmt::format(R"(# bash completion for datawal, written by datawal_manual.
_datawal() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command='' options='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    if [[ $word != -* ]]; then
      command=$word
      break
    fi
  done
  COMPREPLY=()
  case $previous in
    --bytes) mapfile -t COMPREPLY < <(compgen -W "{}" -- "$current"); return ;;
    --sync) mapfile -t COMPREPLY < <(compgen -W "{}" -- "$current"); return ;;
  esac
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "{} {}" -- "$current"); return ;;
{}  esac
  if [[ $current == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current"); fi
}}
complete -o bashdefault -o default -F _datawal datawal
)",
                     words_of("--bytes"), words_of("--sync"), commands, words_of_options(program), cases);
}

std::string zsh_completion(const CLI::App& program) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : commands_of(program)) {
    commands += fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
    cases += fmt::format("  {})\n    _arguments \\\n{}    '*:file:_files' ;;\n", command->get_name(),
                         zsh_options(*command));
  }
  return fmt::format(R"(#compdef datawal
# zsh completion for datawal, written by datawal_manual.
_datawal() {{
  local context state line
  local -a commands=(
{}  )
  _arguments -C \
{}    '1:command:->command' '*::argument:->argument' && return
  if [[ $state == command ]]; then
    _describe command commands
    return
  fi
  case ${{line[1]}} in
{}  esac
}}
_datawal "$@"
)",
                     commands, zsh_options(program), cases);
}

}  // namespace datawal::cli
