// Verification, repair, salvage.

#include <datawal/repair.hpp>
#include <datawal/verify.hpp>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_verify(const char* dir, datawal_verify_report* report, datawal_error* error) {
  if (dir == nullptr || report == nullptr) return fail(error, missing("verify store"));
  *report = {};
  return returned(
      error, [&] { return verify(dir); },
      [&](const VerifyReport& found) {
        report->frames_checked = found.frames_checked;
        report->crc_failures = found.crc_failures;
        report->last_segment = found.last_segment;
        report->last_offset = found.last_offset;
        report->is_clean = found.is_clean() ? 1 : 0;
        report->is_damaged = found.damage ? 1 : 0;
        report->is_out_of_order = found.out_of_order ? 1 : 0;
        report->recovery = to_c(found.recovery);
        if (found.damage) fail(&report->damage, *found.damage);
      });
}

datawal_code datawal_repair(const char* dir, datawal_repair_report* report, datawal_error* error) {
  if (report != nullptr) *report = {};
  if (dir == nullptr) return fail(error, missing("repair store"));
  return returned(
      error, [&] { return repair(dir); },
      [&](const RepairReport& did) {
        if (report == nullptr) return;
        report->was_cut = did.action == RepairAction::cut ? 1 : 0;
        report->segment = did.segment;
        report->offset = did.offset;
        report->bytes_quarantined = did.bytes_quarantined;
        report->records_quarantined = did.records_quarantined;
      });
}

datawal_code datawal_salvage(const char* dir, const char* out, datawal_repair_report* report, datawal_error* error) {
  if (report != nullptr) *report = {};
  if (dir == nullptr || out == nullptr) return fail(error, missing("salvage store"));
  return returned(
      error, [&] { return salvage(dir, out); },
      [&](const SalvageReport& did) {
        if (report == nullptr) return;
        report->records_salvaged = did.records_salvaged;
        report->bytes_skipped = did.bytes_skipped;
      });
}
