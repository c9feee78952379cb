#pragma once
// The persisted index, and the state of a log, in the output of commands.

#include <string_view>

#include <datawal/saved_index.hpp>
#include <datawal/saved_state.hpp>

#include "cli/report_fields.hpp"

namespace datawal::cli {

inline std::string_view name_of(IndexState state) {
  constexpr std::string_view names[] = {"absent", "used", "stale", "damaged"};
  return names[static_cast<std::size_t>(state)];
}

/// Its state, with the reason for it, and its size.
inline void add_index_fields(ReportFields& fields, const IndexReport& report) {
  fields.word("index_state", name_of(report.state), report.reason);
  fields.number("index_bytes", report.bytes);
}
inline void add_state_fields(ReportFields& fields, const StateReport& report) {
  fields.word("log_state", name_of(report.state), report.reason);
  fields.number("log_state_bytes", report.bytes);
}

}  // namespace datawal::cli
