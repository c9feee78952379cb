#pragma once
// The persisted index in the output of commands.

#include <datawal/saved_index.hpp>

#include "cli/report_fields.hpp"

namespace datawal::cli {

/// Its state, with the reason for it, and its size.
inline void add_index_fields(ReportFields& fields, const IndexReport& report) {
  constexpr std::string_view names[] = {"absent", "used", "stale", "damaged"};
  fields.word("index_state", names[static_cast<std::size_t>(report.state)], report.reason);
  fields.number("index_bytes", report.bytes);
}

}  // namespace datawal::cli
