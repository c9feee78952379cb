#pragma once
// Prints records on standard output, in the form asked for.

#include <string>

#include <datawal/record.hpp>

#include "cli/console.hpp"
#include "cli/human.hpp"
#include "cli/json.hpp"

namespace datawal::cli {

class RecordPrinter {
 public:
  RecordPrinter(Console& console, const RecordStyle& style) : console_(console), style_(style) {}

  /// Kind `record`: everything.
  void print_record(const RecordView& record);

  /// Kind `frame`: the lengths of key and payload, not the payload.
  void print_frame(const RecordView& record);

 private:
  Console& console_;
  RecordStyle style_;
  std::string text_{};  // the current line; its memory is reused
  JsonLine json_{"record"};
};

}  // namespace datawal::cli
