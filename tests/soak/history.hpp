#pragma once
// What is done to the store: step n is a function of the seed and n alone, and takes txid n. So what a store must hold follows
// from the txid of its newest record, whoever wrote it and however often it was killed.

#include <cstdint>
#include <string>
#include <vector>

namespace datawal::soak {

inline constexpr std::uint32_t key_count = 5000;

struct Step {
  enum class Kind : std::uint8_t { put, erase, raw } kind = Kind::put;
  std::uint32_t key = 0;
  std::uint32_t value_len = 0;
  bool sync = false;
};

class History {
 public:
  explicit History(std::uint64_t seed) noexcept : seed_(seed) {}

  /// Whether step n is for a plain log: only that can append Raw records.
  [[nodiscard]] static bool is_for_log(std::uint64_t n) noexcept { return n % 16384 < 512; }

  [[nodiscard]] Step step(std::uint64_t n) const noexcept {
    const std::uint64_t dice = mixed(seed_ + n * 0x9E3779B97F4A7C15U);
    Step step;
    const std::uint64_t kind = dice % 256;
    step.kind = is_for_log(n) && kind < 128 ? Step::Kind::raw : kind < 60 ? Step::Kind::erase : Step::Kind::put;
    step.key = static_cast<std::uint32_t>((dice >> 8) % key_count);
    step.value_len = static_cast<std::uint32_t>((dice >> 24) % ((dice >> 32) % 64 == 0 ? 20'000 : 200));
    step.sync = (dice >> 40) % 1024 == 0;
    return step;
  }

  [[nodiscard]] static std::string key(std::uint32_t key) { return "key-" + std::to_string(key); }

  /// What step n writes as value or Raw payload: `value_len` bytes that no other step writes.
  [[nodiscard]] static std::string value(std::uint64_t n, std::uint32_t value_len) {
    std::string value = std::to_string(n) + ':';
    value.resize(value.size() + value_len, static_cast<char>('a' + n % 26));
    return value;
  }

 private:
  static std::uint64_t mixed(std::uint64_t x) noexcept {  // splitmix64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
  }

  std::uint64_t seed_;
};

/// What a store holds after the first steps of a history.
class Model {
 public:
  explicit Model(const History& history) : history_(history), put_by_(key_count) {}

  void go_to(std::uint64_t step) {
    while (done_ < step) {
      const Step next = history_.step(++done_);
      switch (next.kind) {
        case Step::Kind::put: put_by_[next.key] = done_; break;
        case Step::Kind::erase: put_by_[next.key] = 0; break;
        case Step::Kind::raw: ++raw_records_; break;
      }
    }
  }

  [[nodiscard]] std::uint64_t raw_records() const noexcept { return raw_records_; }
  [[nodiscard]] std::uint64_t live_keys() const noexcept {
    std::uint64_t live = 0;
    for (const std::uint64_t step : put_by_) live += step != 0 ? 1 : 0;
    return live;
  }

  /// Whether `value` is that of a key now.
  [[nodiscard]] bool has(std::string_view key, std::string_view value) const {
    const auto number = static_cast<std::uint32_t>(std::stoul(std::string(key.substr(4))));
    const std::uint64_t step = put_by_.at(number);
    return step != 0 && value == History::value(step, history_.step(step).value_len);
  }

 private:
  const History& history_;
  std::uint64_t done_ = 0;
  std::uint64_t raw_records_ = 0;
  std::vector<std::uint64_t> put_by_;  // the step that wrote a key's value; 0: it has none
};

}  // namespace datawal::soak
