// Verification, repair, salvage.

#include <datawal/repair.hpp>
#include <datawal/verify.hpp>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

void capi::fill(datawal_verify_report& report, const VerifyReport& found) noexcept {
  report.frames_checked = found.frames_checked;
  report.crc_failures = found.crc_failures;
  report.last_segment = found.last_segment;
  report.last_offset = found.last_offset;
  report.is_clean = found.is_clean() ? 1 : 0;
  report.is_damaged = found.damage ? 1 : 0;
  report.is_out_of_order = found.out_of_order ? 1 : 0;
  report.damaged_ranges = found.damaged_ranges_found;
  report.damaged_bytes = found.damaged_bytes;
  report.records_behind_damage = found.records_behind_damage;
  report.missing_segments = found.missing_segments.size();
  report.txids_missing = found.txids_missing;
  report.is_raw_only = found.is_raw_only ? 1 : 0;
  report.recovery = to_c(found.recovery);
  if (found.damage) capi::fill(report.damage, *found.damage);
}

datawal_code datawal_verify(const char* dir, datawal_verify_report* report, datawal_error* error) {
  if (report == nullptr) return fail(error, missing("verify store"));
  return datawal_verify_with(dir, nullptr, nullptr, nullptr, report, error);
}

datawal_code datawal_verify_damage(const char* dir, datawal_damage_visitor visit, void* context,
                                   datawal_verify_report* report, datawal_error* error) {
  if (report != nullptr) *report = {};
  if (visit == nullptr) return fail(error, missing("verify store"));
  return datawal_verify_with(dir, visit, context, nullptr, report, error);
}

datawal_code datawal_verify_with(const char* dir, datawal_damage_visitor visit, void* context,
                                 const datawal_work_options* options, datawal_verify_report* report,
                                 datawal_error* error) {
  if (report != nullptr) *report = {};
  if (dir == nullptr) return fail(error, missing("verify store"));
  return returned(
      error, [&] { return verify(dir, {.on_progress = from_c(options)}); },
      [&](const VerifyReport& found) {
        if (report != nullptr) capi::fill(*report, found);
        if (visit == nullptr) return;
        for (const DamagedRange& range : found.damaged_ranges) {
          const datawal_damaged_range shown{.begin = range.begin,
                                            .end = range.end,
                                            .why = format::describe(range.stop).data(),  // views a literal
                                            .segment = range.segment};
          if (visit(context, &shown) == 0) return;
        }
      });
}

datawal_code datawal_repair(const char* dir, datawal_repair_report* report, datawal_error* error) {
  return datawal_repair_with(dir, nullptr, report, error);
}

datawal_code datawal_repair_with(const char* dir, const datawal_open_options* options, datawal_repair_report* report,
                                 datawal_error* error) {
  if (report != nullptr) *report = {};
  if (dir == nullptr) return fail(error, missing("repair store"));
  return returned(
      error, [&] { return repair(dir, from_c(options)); },
      [&](const RepairReport& did) {
        if (report == nullptr) return;
        report->was_cut = did.action == RepairAction::cut ? 1 : 0;
        report->segment = did.segment;
        report->offset = did.offset;
        report->bytes_quarantined = did.bytes_quarantined;
        report->records_quarantined = did.records_quarantined;
        report->records_apart = did.records_apart;
        report->highest_txid_apart = did.highest_txid_apart;
        report->first_synced_txid_cut = did.synced_txids_cut.first;
        report->last_synced_txid_cut = did.synced_txids_cut.last;
        report->keys_may_return = did.keys_may_return ? 1 : 0;
      });
}

datawal_code datawal_salvage(const char* dir, const char* out, datawal_repair_report* report, datawal_error* error) {
  return datawal_salvage_with(dir, out, nullptr, report, error);
}

datawal_code datawal_salvage_with(const char* dir, const char* out, const datawal_open_options* options,
                                  datawal_repair_report* report, datawal_error* error) {
  if (report != nullptr) *report = {};
  if (dir == nullptr || out == nullptr) return fail(error, missing("salvage store"));
  return returned(
      error, [&] { return salvage(dir, out, from_c(options)); },
      [&](const SalvageReport& did) {
        if (report == nullptr) return;
        report->records_salvaged = did.records_salvaged;
        report->bytes_skipped = did.bytes_skipped;
        report->has_keys = did.has_keys ? 1 : 0;
        report->records_apart = did.records_apart;
      });
}
