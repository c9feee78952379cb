#include "cli/report_fields.hpp"

#include <fmt/format.h>

#include <iterator>

#include "cli/human.hpp"

namespace datawal::cli {

ReportFields& ReportFields::number(std::string_view name, std::uint64_t value) {
  json_.number(name, value);
  return line(name, std::to_string(value));
}

ReportFields& ReportFields::flag(std::string_view name, bool value) {
  json_.number(name, value ? 1 : 0);
  return line(name, value ? "yes" : "no");
}

ReportFields& ReportFields::truth(std::string_view name, bool value) {
  json_.boolean(name, value);
  return line(name, value ? "yes" : "no");
}

ReportFields& ReportFields::word(std::string_view name, std::string_view value, std::string_view explanation) {
  json_.text(name, value);
  return line(name, explanation.empty() ? std::string(value) : fmt::format("{} ({})", value, explanation));
}

ReportFields& ReportFields::path(std::string_view name, const std::filesystem::path& value) {
  if (value.empty()) {
    json_.null(name);
    return line(name, "-");
  }
  json_.text(name, value.native());
  return line(name, shell_word(value));
}

ReportFields& ReportFields::line(std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(text_), "{:<24}{}\n", fmt::format("{}:", name), text);
  return *this;
}

void ReportFields::print() { console_.out().write(console_.json() ? json_.finish() : std::string_view(text_)); }

}  // namespace datawal::cli
