// SCENARIO/PLAN/ORDINAL:CHOICE/ORDINAL:CHOICE, for example "rotate/kill@17/9:0120", or "rotate/kill@17+4096/9:0120" where the process
// dies in the operation, 4,096 bytes on: a choice is a digit (0-9, a-z) for each undecided thing, or numbers between dots where one
// of them is larger.

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <utility>

#include "crash/explorer.hpp"

namespace datawal::crash {

namespace {

using safeatomic::sim::Choice;
using namespace std::string_view_literals;

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";

std::string to_text(const Choice& choice) {
  const bool is_short = std::ranges::all_of(choice, [](std::uint32_t state) { return state < digits.size(); });
  std::string text;
  for (const std::uint32_t state : choice) {
    if (is_short) {
      text += digits[state];
    } else {
      text.append(".").append(std::to_string(state));
    }
  }
  return text;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

std::optional<Choice> to_choice(const std::string& text) {
  Choice choice;
  if (text.starts_with('.')) {
    for (const std::string& part : split(text.substr(1), '.')) {
      const std::optional<std::uint64_t> state = to_number(part);
      if (!state) return std::nullopt;
      choice.push_back(static_cast<std::uint32_t>(*state));
    }
    return choice;
  }
  for (const char c : text) {
    const std::size_t state = digits.find(c);
    if (state == std::string_view::npos) return std::nullopt;
    choice.push_back(static_cast<std::uint32_t>(state));
  }
  return choice;
}

constexpr std::array kind_names = {
    std::pair{Plan::Kind::kill, "kill"sv},
    std::pair{Plan::Kind::eio, "eio"sv},
    std::pair{Plan::Kind::eio_dropped, "eio_dropped"sv},
    std::pair{Plan::Kind::enospc, "enospc"sv},
    std::pair{Plan::Kind::short_write, "short_write"sv},
    std::pair{Plan::Kind::interrupted, "interrupted"sv},
};

std::optional<Plan> to_plan(const std::string& text) {
  if (text == "none") return Plan{};
  const std::size_t at = text.find('@');
  if (at == std::string::npos) return std::nullopt;
  const auto named = std::ranges::find(kind_names, std::string_view(text).substr(0, at),
                                       [](const auto& one) { return one.second; });
  if (named == kind_names.end()) return std::nullopt;
  Plan plan{.kind = named->first};
  const std::size_t plus = std::min(text.find('+', at), text.size());
  const std::optional<std::uint64_t> ordinal = to_number(std::string_view(text).substr(at + 1, plus - at - 1));
  if (!ordinal) return std::nullopt;
  plan.ordinal = *ordinal;
  if (plus == text.size()) return plan;
  plan.bytes = to_number(std::string_view(text).substr(plus + 1));
  return plan.bytes ? std::optional(plan) : std::nullopt;
}

}  // namespace

std::string to_string(const Plan& plan) {
  if (plan.kind == Plan::Kind::none) return "none";
  const auto named = std::ranges::find(kind_names, plan.kind, [](const auto& one) { return one.first; });
  std::string text = std::string(named->second) + "@" + std::to_string(plan.ordinal);
  if (plan.bytes) text += "+" + std::to_string(*plan.bytes);
  return text;
}

std::string to_string(const ReplayId& id) {
  std::string text = id.scenario + "/" + to_string(id.plan);
  for (const Loss& loss : id.losses) text += "/" + std::to_string(loss.ordinal) + ":" + to_text(loss.choice);
  return text;
}

std::optional<ReplayId> parse_replay_id(const std::string& text) {
  const std::vector<std::string> parts = split(text, '/');
  if (parts.size() < 2) return std::nullopt;
  const std::optional<Plan> plan = to_plan(parts[1]);
  if (!plan) return std::nullopt;
  ReplayId id{.scenario = parts[0], .plan = *plan, .losses = {}};
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const std::size_t colon = parts[i].find(':');
    if (colon == std::string::npos) return std::nullopt;
    const std::optional<std::uint64_t> ordinal = to_number(std::string_view(parts[i]).substr(0, colon));
    const std::optional<Choice> choice = to_choice(parts[i].substr(colon + 1));
    if (!ordinal || !choice) return std::nullopt;
    id.losses.push_back({*ordinal, *choice});
  }
  return id;
}

}  // namespace datawal::crash
