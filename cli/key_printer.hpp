#pragma once
// Prints keys on standard output, in the form asked for.

#include <string>
#include <string_view>

#include "cli/console.hpp"
#include "cli/human.hpp"
#include "cli/json.hpp"

namespace datawal::cli {

class KeyPrinter {
 public:
  KeyPrinter(Console& console, const RecordStyle& style) : console_(console), style_(style) {}

  /// Kind `key`, or a line.
  void print(std::string_view key);

 private:
  Console& console_;
  RecordStyle style_;
  JsonLine json_{"key"};
  std::string line_{};  // its memory is reused
};

}  // namespace datawal::cli
