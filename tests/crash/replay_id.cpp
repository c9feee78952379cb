// SCENARIO/PLAN/ORDINAL:CHOICE/ORDINAL:CHOICE, for example "rotate/kill@17/9:0120": a choice is a digit (0-9, a-z) for each
// undecided thing, or numbers between dots where one of them is larger.

#include <algorithm>
#include <charconv>
#include <sstream>

#include "crash/explorer.hpp"

namespace datawal::crash {

namespace {

using safeatomic::sim::Choice;

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";

std::string to_text(const Choice& choice) {
  const bool is_short = std::ranges::all_of(choice, [](std::uint16_t state) { return state < digits.size(); });
  std::string text;
  for (const std::uint16_t state : choice) {
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
      choice.push_back(static_cast<std::uint16_t>(*state));
    }
    return choice;
  }
  for (const char c : text) {
    const std::size_t state = digits.find(c);
    if (state == std::string_view::npos) return std::nullopt;
    choice.push_back(static_cast<std::uint16_t>(state));
  }
  return choice;
}

std::optional<Plan> to_plan(const std::string& text) {
  if (text == "none") return Plan{};
  const std::size_t at = text.find('@');
  if (at == std::string::npos) return std::nullopt;
  const std::optional<std::uint64_t> ordinal = to_number(std::string_view(text).substr(at + 1));
  if (!ordinal) return std::nullopt;
  for (const Plan::Kind kind :
       {Plan::Kind::kill, Plan::Kind::eio, Plan::Kind::enospc, Plan::Kind::short_write, Plan::Kind::interrupted}) {
    const Plan plan{kind, *ordinal};
    if (to_string(plan) == text) return plan;
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const Plan& plan) {
  switch (plan.kind) {
    case Plan::Kind::none: return "none";
    case Plan::Kind::kill: return "kill@" + std::to_string(plan.ordinal);
    case Plan::Kind::eio: return "eio@" + std::to_string(plan.ordinal);
    case Plan::Kind::enospc: return "enospc@" + std::to_string(plan.ordinal);
    case Plan::Kind::short_write: return "short_write@" + std::to_string(plan.ordinal);
    case Plan::Kind::interrupted: return "interrupted@" + std::to_string(plan.ordinal);
  }
  return {};
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
