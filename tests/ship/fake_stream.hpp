#pragma once
// A stream in memory whose answers are lost, whose units come late, and which loses what it had.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ship/stream.hpp"

namespace datawal::ship::test {

/// What becomes of a publish.
enum class Fate : std::uint8_t {
  answered,  ///< as it should
  unheard,   ///< it is stored if it fits, and the answer is lost
  lost,      ///< it never arrives
  late,      ///< nothing is answered, and it arrives before the publish after the next one
};
constexpr std::uint64_t fate_count = 4;

/// The servers: messages, and units on their way.
struct Servers {
  std::vector<std::optional<Message>> messages{};  // nullopt: lost since
  struct Late {
    Unit unit{};
    std::string body{};
    std::uint64_t expected = 0;
    int left = 0;  // publishes until it arrives
  };
  std::vector<Late> late{};
  bool keeps_all = true;
  std::uint64_t hidden = 0;                      // a message that is there, and is not given
  std::uint64_t fates = 0;                       // of the next publishes, base 4, the first one lowest
  std::function<void(std::size_t)> on_stored{};  // with how many there are

  bool store(const Unit& unit, const std::string& body, std::uint64_t expected) {
    if (expected != messages.size()) return false;
    messages.push_back(Message{
        .sequence = messages.size() + 1, .unit = unit, .body = body, .stored = std::chrono::system_clock::now()});
    return true;
  }
  void let_late_arrive(bool all) {
    std::vector<Late> still;
    for (Late& one : late) {
      if (all || --one.left < 0) {
        (void)store(one.unit, one.body, one.expected);
      } else {
        still.push_back(std::move(one));
      }
    }
    late = std::move(still);
  }
};

class FakeStream final : public Stream {
 public:
  explicit FakeStream(Servers& servers) : servers_(servers) {}

  Outcome<void> make() override { return {}; }
  Outcome<End> end() override {
    const std::uint64_t last = servers_.messages.size();
    const auto lost = std::ranges::count_if(servers_.messages, [](const auto& one) { return !one; });
    return End{.first = last == 0 ? 0U : 1U,
               .last = last,
               .messages = last - static_cast<std::uint64_t>(lost),
               .keeps_all = servers_.keeps_all};
  }
  Outcome<std::optional<Message>> get(std::uint64_t sequence) override {
    const bool is_there = sequence != 0 && sequence <= servers_.messages.size() && sequence != servers_.hidden;
    if (!is_there) return std::optional<Message>();
    return servers_.messages[sequence - 1];
  }
  Answer publish(const Unit& unit, std::string_view body, std::uint64_t expected) override {
    servers_.let_late_arrive(false);
    const auto fate = static_cast<Fate>(servers_.fates % fate_count);
    servers_.fates /= fate_count;
    const std::string bytes(body);
    if (fate == Fate::late) servers_.late.push_back({.unit = unit, .body = bytes, .expected = expected, .left = 1});
    if (fate == Fate::late || fate == Fate::lost) return {.why = "no answer"};
    const bool is_stored = servers_.store(unit, bytes, expected);
    const std::uint64_t sequence = servers_.messages.size();
    if (is_stored && servers_.on_stored) servers_.on_stored(servers_.messages.size());
    if (fate == Fate::unheard) return {.why = "no answer"};
    if (!is_stored) return {.outcome = Published::refused, .why = "another one is there"};
    return {.outcome = Published::stored, .sequence = sequence};
  }
  [[nodiscard]] std::uint64_t max_payload() const override { return 1 << 20; }

 private:
  Servers& servers_;
};

}  // namespace datawal::ship::test
