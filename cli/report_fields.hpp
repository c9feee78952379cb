#pragma once
// Results that are a list of named values: `name: value` lines for people, one JSON object for programs.

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/console.hpp"
#include "cli/json.hpp"

namespace datawal::cli {

/// Collects the values of one result in both forms and prints the one asked for.
class ReportFields {
 public:
  ReportFields(Console& console, std::string_view kind) : console_(console), json_(kind) {}

  ReportFields& number(std::string_view name, std::uint64_t value);
  /// "yes" or "no" for people; true or false in JSON.
  ReportFields& truth(std::string_view name, bool value);
  /// The same, but 1 or 0 in JSON, as the reference implementation counts them.
  ReportFields& flag(std::string_view name, bool value);
  /// A word for programs, with an explanation for people.
  ReportFields& word(std::string_view name, std::string_view value, std::string_view explanation = {});
  /// Empty: null in JSON.
  ReportFields& path(std::string_view name, const std::filesystem::path& value);
  /// For people only.
  ReportFields& line(std::string_view name, std::string_view text);
  /// For programs only.
  JsonLine& json() noexcept { return json_; }

  void print();

 private:
  Console& console_;
  std::string text_;
  JsonLine json_;
};

}  // namespace datawal::cli
