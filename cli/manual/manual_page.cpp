#include "cli/manual/manual_page.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <sstream>

#include "cli/manual/parts.hpp"
#include "cli/needed_options.hpp"

namespace datawal::cli {
namespace {

// Text that man(7) takes literally.
std::string literal(std::string_view text) {
  std::string result;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
    at_start = c == '\n';
  }
  return result;
}

// Lines, unchanged.
std::string unfilled(std::string_view lines) { return fmt::format(".nf\n{}\n.fi\n", literal(lines)); }

std::string section(std::string_view heading, const std::string& body) {
  return body.empty() ? std::string() : fmt::format(".SH {}\n{}", heading, body);
}

std::string title(std::string_view name, const std::string& version, std::string_view purpose) {
  return fmt::format(".TH {} 1 \"\" \"datawal {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n", name, version,
                     literal(name), literal(purpose));
}

// "Prints the records." becomes "prints the records": the form of the NAME section.
std::string purpose_of(const CLI::App& app) {
  std::string purpose = app.get_description();
  if (purpose.ends_with('.')) purpose.pop_back();
  if (!purpose.empty() && purpose.front() >= 'A' && purpose.front() <= 'Z') {
    purpose.front() = static_cast<char>(purpose.front() - 'A' + 'a');
  }
  return purpose;
}

std::string options_section(const CLI::App& app, bool positionals) {
  std::string body;
  for (const OptionPart& option : options_of(app)) {
    if (option.is_positional != positionals) continue;
    body += fmt::format(".TP\n\\fB{}\\fR{}{}\n", literal(option.names), option.value.empty() ? "" : " ",
                        option.value.empty() ? "" : "\\fI" + literal(option.value) + "\\fR");
    body += unfilled(option.text);
  }
  return body;
}

std::string footer_sections(const CLI::App& app) {
  const FooterParts footer = footer_of(app);
  std::string text = section("DESCRIPTION", footer.text.empty() ? std::string() : unfilled(footer.text));
  text += section("EXAMPLES", footer.examples.empty() ? std::string() : unfilled(footer.examples));
  text += section("EXIT STATUS", footer.exit_status.empty() ? std::string() : unfilled(footer.exit_status));
  return text;
}

}  // namespace

std::string command_page(const CLI::App& program, const CLI::App& command, const std::string& version) {
  const std::string& name = program.get_name();
  std::string page = title(name + '-' + command.get_name(), version, purpose_of(command));
  std::string synopsis = fmt::format(R"(\fB{} {}\fR [\fIOPTIONS\fR])", literal(name), literal(command.get_name()));
  for (const OptionPart& option : options_of(command)) {
    if (!option.is_positional) continue;
    const bool is_optional = !option.value.empty();
    synopsis += fmt::format(" {}\\fI{}\\fR{}", is_optional ? "[" : "", literal(option.names),
                            option.value == "..." ? "...]"
                            : is_optional         ? "]"
                                                  : "");
  }
  page += section("SYNOPSIS", synopsis + literal(needed_options(command)) + '\n');
  page += section("ARGUMENTS", options_section(command, true));
  page += section("OPTIONS", options_section(command, false));
  page += footer_sections(command);
  page += section("SEE ALSO", fmt::format("\\fB{}\\fR(1)\n", literal(name)));
  return page;
}

std::string program_page(const CLI::App& program, const std::string& version, const std::string& environment) {
  const std::string name = literal(program.get_name());
  std::string page = title(program.get_name(), version, purpose_of(program));
  page += section("SYNOPSIS", fmt::format("\\fB{}\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR ...\n", name));
  std::string commands;
  std::string pages;
  for (const CLI::App* command : commands_of(program)) {
    commands += fmt::format(".TP\n\\fB{}\\fR\n{}\n", literal(command->get_name()), literal(command->get_description()));
    pages += fmt::format(R"({}\fB{}\-{}\fR(1))", pages.empty() ? "" : ",\n", name, literal(command->get_name()));
  }
  page += section("COMMANDS", commands);
  page += section("OPTIONS", options_section(program, false));
  page += footer_sections(program);
  page += section("ENVIRONMENT", environment);
  page += section("SEE ALSO", pages + '\n');
  return page;
}

}  // namespace datawal::cli
