// Schedules as text: "17>2,40=1": before operation 17 thread 2 goes on, at operation 40 a load takes a store that is one older.

#include <charconv>
#include <string>
#include <utility>

#include "interleave/runtime/scheduler.hpp"

namespace datawal::interleave {

namespace {

constexpr std::string_view signs = ">!~=^";  // in the order of Chosen

}  // namespace

std::string to_string(const Schedule& schedule) {
  std::string text;
  for (const Step& step : schedule) {
    if (!text.empty()) text += ',';
    text += std::to_string(step.operation) + signs[static_cast<std::size_t>(step.option.what)] +
            std::to_string(step.option.number);
  }
  return text.empty() ? "-" : text;
}

bool parse(std::string_view text, Schedule& schedule) {
  if (text == "-") return true;
  while (!text.empty()) {
    Step step;
    const char* const end = text.data() + text.size();
    const auto operation = std::from_chars(text.data(), end, step.operation);
    if (operation.ec != std::errc() || operation.ptr == end) return false;
    const std::size_t sign = signs.find(*operation.ptr);
    if (sign == std::string_view::npos) return false;
    step.option.what = static_cast<Chosen>(sign);
    const auto number = std::from_chars(operation.ptr + 1, end, step.option.number);
    if (number.ec != std::errc()) return false;
    schedule.push_back(step);
    text.remove_prefix(static_cast<std::size_t>(number.ptr - text.data()));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return true;
}

}  // namespace datawal::interleave
