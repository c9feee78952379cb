#include "cli/record_printer.hpp"

namespace datawal::cli {
namespace {

void start(JsonLine& line, std::string_view kind, const RecordView& record) {
  line.start(kind);
  line.number("segment", record.ref.segment).number("offset", record.ref.offset).number("len", record.ref.len);
  line.text("record_type", name_of(record.type)).number("txid", record.txid);
}

}  // namespace

void RecordPrinter::print_record(const RecordView& record) {
  if (console_.json()) {
    start(json_, "record", record);
    json_.base64("key_base64", record.key).base64("payload_base64", record.payload);
    json_.text("ref", to_string(record.ref));
    console_.out().write(json_.finish());
  } else {
    text_.clear();
    append_record_line(text_, record, style_);
    console_.out().write(text_);
  }
}

void RecordPrinter::print_frame(const RecordView& record) {
  if (console_.json()) {
    start(json_, "frame", record);
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
