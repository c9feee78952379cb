#pragma once
// The persisted index, and the state of a log, in the output of commands.

#include <string>
#include <string_view>

#include <datawal/saved_index.hpp>
#include <datawal/saved_state.hpp>

#include "cli/report_fields.hpp"

namespace datawal::cli {

inline std::string_view name_of(IndexState state) {
  constexpr std::string_view names[] = {"absent", "used", "stale", "damaged"};
  return names[static_cast<std::size_t>(state)];
}

/// For programs only: people have it behind the state.
inline void add_reason(ReportFields& fields, std::string_view name, const std::string& reason) {
  if (reason.empty()) {
    fields.json().null(name);
  } else {
    fields.json().text(name, reason);
  }
}

/// Its state, with the reason for it, and its size.
inline void add_index_fields(ReportFields& fields, const IndexReport& report) {
  fields.word("index_state", name_of(report.state), report.reason);
  fields.number("index_bytes", report.bytes);
  add_reason(fields, "index_reason", report.reason);
}
inline void add_state_fields(ReportFields& fields, const StateReport& report) {
  fields.word("log_state", name_of(report.state), report.reason);
  fields.number("log_state_bytes", report.bytes);
  add_reason(fields, "log_state_reason", report.reason);
}

}  // namespace datawal::cli
