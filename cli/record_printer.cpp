#include "cli/record_printer.hpp"

#include "cli/record_json.hpp"

namespace datawal::cli {

void RecordPrinter::print_record(const RecordView& record) {
  if (console_.json()) {
    console_.out().write(record_line(json_, record));
  } else {
    text_.clear();
    append_record_line(text_, record, style_);
    console_.out().write(text_);
  }
}

void RecordPrinter::print_frame(const RecordView& record) {
  if (console_.json()) {
    start_record(json_, "frame", record);
    json_.base64("key_base64", record.key)
        .number("key_len", record.key.size())
        .number("payload_len", record.payload.size());
    json_.text("ref", to_string(record.ref));
    console_.out().write(json_.finish());
  } else {
    text_.clear();
    append_frame_line(text_, record, style_);
    console_.out().write(text_);
  }
}

}  // namespace datawal::cli
