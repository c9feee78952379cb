#include <datawal/verify.hpp>

#include <utility>

#include "log/directory/store_directory.hpp"
#include "log/maintenance/damage_survey.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/progress.hpp"

namespace datawal {

namespace {

constexpr std::size_t max_gaps_listed = 100;

}  // namespace

Result<VerifyReport> verify(const std::filesystem::path& dir, const VerifyOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(std::move(*directory), nullptr);
  if (!snapshot) return propagate(snapshot);

  VerifyReport report;
  log::LogScanner scanner(*snapshot, log::LastSegment::live);
  scanner.on_gap([&report](const RecordView& record, std::uint64_t expected) {
    report.txids_missing += record.txid - expected;
    if (report.gaps.size() < max_gaps_listed) {
      report.gaps.push_back(
          {.segment = record.ref.segment, .offset = record.ref.offset, .expected = expected, .found = record.txid});
    }
  });
  log::ProgressMeter progress(options.on_progress, **snapshot);
  RecordView record;
  for (;;) {
    Result<bool> more = scanner.next(record);
    if (!more) {
      if (more.error().code != Errc::corruption && more.error().code != Errc::unsupported_version)
        return propagate(more);
      report.damage = std::move(more.error());
    }
    if (!more || !*more) break;
    report.is_raw_only = report.is_raw_only && record.type == RecordType::Raw;
    progress.at(record.ref);
  }
  report.recovery = scanner.report();
  report.frames_checked = report.recovery.records_replayed;
  report.last_segment = scanner.position().segment;
  report.last_offset = scanner.position().offset;
  report.crc_failures = scanner.stop() == format::Stop::crc_mismatch ? 1 : 0;
  report.out_of_order = scanner.stop() == format::Stop::txid_order;
  report.watermark = scanner.watermark().state();
  survey_ids(**snapshot, report);
  if (report.damage) {
    if (Result<void> surveyed = survey_damage(**snapshot, scanner.position(), report); !surveyed)
      return propagate(surveyed);
  }
  progress.finish();
  return report;
}

}  // namespace datawal
