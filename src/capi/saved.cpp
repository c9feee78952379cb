// The persisted index and the state of a log, seen from outside.

#include <datawal/saved_index.hpp>
#include <datawal/saved_state.hpp>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

template <class Found>
void fill_common(datawal_saved_report& report, const Found& found) noexcept {
  report.state = capi::to_c(found.state);
  copy_cut(report.reason, found.reason);
  report.bytes = found.bytes;
  report.records_covered = found.records_covered;
  report.last_txid = found.last_txid;
}

// `look` looks at it.
template <class Look>
datawal_code looked_at(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                       datawal_error* error, std::string_view action, const Look& look) {
  if (report != nullptr) *report = {};
  if (dir == nullptr || report == nullptr) return fail(error, missing(action));
  return returned(
      error, [&] { return look(dir, from_c(options)); }, [report](const auto& found) { capi::fill(*report, found); });
}

// `drop` drops it.
template <class Drop>
datawal_code dropped(const char* dir, const datawal_open_options* options, int* was_there, datawal_error* error,
                     std::string_view action, const Drop& drop) {
  if (was_there != nullptr) *was_there = 0;
  if (dir == nullptr) return fail(error, missing(action));
  return returned(
      error, [&] { return drop(dir, from_c(options)); },
      [was_there](bool was) {
        if (was_there != nullptr) *was_there = was ? 1 : 0;
      });
}

}  // namespace

void capi::fill(datawal_saved_report& report, const IndexReport& found) noexcept {
  fill_common(report, found);
  report.keys = found.keys;
}

void capi::fill(datawal_saved_report& report, const StateReport& found) noexcept {
  fill_common(report, found);
  report.segments = found.segments;
}

datawal_code datawal_inspect_index(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                   datawal_error* error) {
  return looked_at(dir, options, report, error, "inspect index", inspect_index);
}

datawal_code datawal_check_index(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                 datawal_error* error) {
  return looked_at(dir, options, report, error, "check index", check_index);
}

datawal_code datawal_drop_index(const char* dir, const datawal_open_options* options, int* was_there,
                                datawal_error* error) {
  return dropped(dir, options, was_there, error, "drop index", drop_index);
}

datawal_code datawal_inspect_state(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                   datawal_error* error) {
  return looked_at(dir, options, report, error, "inspect state", inspect_state);
}

datawal_code datawal_check_state(const char* dir, const datawal_reader_options* options, datawal_saved_report* report,
                                 datawal_error* error) {
  return looked_at(dir, options, report, error, "check state", check_state);
}

datawal_code datawal_drop_state(const char* dir, const datawal_open_options* options, int* was_there,
                                datawal_error* error) {
  return dropped(dir, options, was_there, error, "drop state", drop_state);
}
