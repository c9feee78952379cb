#include "cli/record_json.hpp"

#include "cli/human.hpp"

namespace datawal::cli {

void start_record(JsonLine& line, std::string_view kind, const RecordView& record) {
  line.start(kind);
  line.number("segment", record.ref.segment).number("offset", record.ref.offset).number("len", record.ref.len);
  line.text("record_type", name_of(record.type)).number("txid", record.txid);
}

std::string_view record_line(JsonLine& line, const RecordView& record) {
  start_record(line, "record", record);
  line.base64("key_base64", record.key).base64("payload_base64", record.payload);
  line.text("ref", to_string(record.ref));
  return line.finish();
}

}  // namespace datawal::cli
