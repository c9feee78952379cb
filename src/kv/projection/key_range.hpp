#pragma once
// The keys between two bounds.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <datawal/data_wal_cursor.hpp>

namespace datawal::kv {

class KeyRange {
 public:
  explicit KeyRange(const CursorOptions& options) : first_(options.prefix), end_(behind_all_with(options.prefix)) {
    if (options.from) first_ = std::max(first_, *options.from);
    if (options.after) first_ = std::max(first_, *options.after + '\0');  // there is none between a key and that one
    if (options.until && (!end_ || *options.until < *end_)) end_ = options.until;
  }

  /// The first key that may be in it.
  [[nodiscard]] const std::string& first() const noexcept { return first_; }
  /// Whether `key`, and so every later one, is behind it.
  [[nodiscard]] bool is_over_at(std::string_view key) const noexcept { return end_ && key >= *end_; }
  [[nodiscard]] bool contains(std::string_view key) const noexcept { return key >= first_ && !is_over_at(key); }
  [[nodiscard]] bool is_bounded() const noexcept { return !first_.empty() || end_; }

 private:
  // The first key after all that begin with `prefix`, if there is one.
  static std::optional<std::string> behind_all_with(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
    if (prefix.empty()) return std::nullopt;
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
  }

  std::string first_;
  std::optional<std::string> end_;  // nullopt: there is none
};

}  // namespace datawal::kv
