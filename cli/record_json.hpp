#pragma once
// A record as a line of JSON, as `--json` prints it.

#include <string_view>

#include <datawal/record.hpp>

#include "cli/json.hpp"

namespace datawal::cli {

/// Begins an object with the place, the type and the txid of a record.
void start_record(JsonLine& line, std::string_view kind, const RecordView& record);

/// The line that `datawal scan --json` prints; valid until `line` is used again.
[[nodiscard]] std::string_view record_line(JsonLine& line, const RecordView& record);

}  // namespace datawal::cli
