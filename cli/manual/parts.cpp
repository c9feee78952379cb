#include "cli/manual/parts.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace datawal::cli {
namespace {

std::string with_spaces(const std::string& names) {
  std::string text;
  for (const char c : names) {
    text += c;
    if (c == ',') text += ' ';
  }
  return text;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \n") - first + 1));
}

}  // namespace

std::vector<OptionPart> options_of(const CLI::App& command) {
  std::vector<OptionPart> parts;
  for (const CLI::Option* option : command.get_options()) {
    OptionPart part;
    part.is_positional = option->get_positional();
    part.names = with_spaces(option->get_name(part.is_positional, !part.is_positional));
    part.value = trimmed(option->get_option_text());
    part.text = option->get_description();
    parts.push_back(std::move(part));
  }
  return parts;
}

FooterParts footer_of(const CLI::App& command) {
  const std::string all = command.get_footer();
  const std::size_t examples = std::min(all.find("Example"), all.size());
  const std::size_t status = std::min(all.find("Exit status:"), all.size());
  FooterParts parts;
  parts.text = trimmed(std::string_view(all).substr(0, std::min(examples, status)));
  if (examples < status) {
    const std::size_t begin = all.find('\n', examples) + 1;  // after "Examples:"
    parts.examples = std::string(std::string_view(all).substr(begin, status - begin));
    parts.examples.erase(parts.examples.find_last_not_of('\n') + 1);
  }
  if (status < all.size()) parts.exit_status = trimmed(std::string_view(all).substr(status + 12));
  return parts;
}

std::vector<const CLI::App*> commands_of(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App*) { return true; });
}

std::string_view words_of(std::string_view option) {
  if (option == "--bytes") return "auto raw base64 hex";
  if (option == "--type") return "Raw Put Delete";
  if (option == "--sync") return "end each never every=";
  return {};
}

}  // namespace datawal::cli
