#include "log/maintenance/verification.hpp"

#include <array>
#include <utility>

#include "log/read/progress.hpp"

namespace datawal::log {

namespace {

constexpr std::size_t max_gaps_listed = 100;
constexpr std::size_t records_at_a_time = 64;

void count_gaps(LogScanner& scanner, VerifyReport& report) {
  scanner.on_gap([&report](const RecordView& record, std::uint64_t expected) {
    report.txids_missing += record.txid - expected;
    if (report.gaps.size() < max_gaps_listed) {
      report.gaps.push_back(
          {.segment = record.ref.segment, .offset = record.ref.offset, .expected = expected, .found = record.txid});
    }
  });
}

// False: the visitor ended it.
Result<bool> walk(LogScanner& scanner, const VerifyVisitor& visitor, ProgressMeter& progress, VerifyReport& report) {
  std::array<RecordView, records_at_a_time> records;
  for (;;) {
    Result<std::size_t> count = scanner.next_batch(records);
    if (!count) {
      if (count.error().code != Errc::corruption && count.error().code != Errc::unsupported_version)
        return propagate(count);
      report.damage = std::move(count.error());
      return true;
    }
    if (*count == 0) return true;
    const std::span<const RecordView> some = std::span(records).first(*count);
    for (const RecordView& record : some) report.is_raw_only = report.is_raw_only && record.type == RecordType::Raw;
    if (visitor.on_records) {
      Result<bool> goes_on = visitor.on_records(some);
      if (!goes_on || !*goes_on) return goes_on;
    }
    progress.at(some.back().ref);
  }
}

}  // namespace

Result<VerifyReport> verify_snapshot(const std::shared_ptr<const Snapshot>& snapshot, const VerifyVisitor& visitor,
                                     const ProgressCallback& on_progress) {
  VerifyReport report;
  LogScanner scanner(snapshot, LastSegment::live);
  count_gaps(scanner, report);
  if (visitor.on_enter) scanner.on_enter(visitor.on_enter);
  ProgressMeter progress(on_progress, *snapshot);
  const Result<bool> walked = walk(scanner, visitor, progress, report);
  if (!walked) return propagate(walked);
  report.recovery = scanner.report();
  report.frames_checked = report.recovery.records_replayed;
  report.last_segment = scanner.position().segment;
  report.last_offset = scanner.position().offset;
  report.crc_failures = scanner.stop() == format::Stop::crc_mismatch ? 1 : 0;
  // Above a watermark it was never acknowledged: a torn tail, and no damage.
  report.out_of_order = report.damage && scanner.stop() == format::Stop::txid_order;
  report.watermark = scanner.watermark().state();
  if (!*walked) return report;
  if (visitor.on_end) {
    if (Result<void> ended = visitor.on_end(scanner); !ended) return propagate(ended);
  }
  survey_ids(*snapshot, visitor.damage, report);
  if (report.damage) {
    const Result<bool> surveyed = survey_damage(*snapshot, scanner.position(), visitor.damage, report);
    if (!surveyed) return propagate(surveyed);
    if (!*surveyed) return report;
  }
  progress.finish();
  return report;
}

}  // namespace datawal::log
