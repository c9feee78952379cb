#include "log/maintenance/damage_survey.hpp"

#include <memory>
#include <optional>

#include "segment/resync.hpp"
#include "segment/runs.hpp"
#include "segment/scanner.hpp"

namespace datawal::log {

namespace {

constexpr std::size_t max_listed = 100;

Result<void> note_range(safeatomic::File& file, const PinnedSegment& segment, std::uint64_t begin, std::uint64_t end,
                        VerifyReport& report) {
  if (begin == end) return {};
  ++report.damaged_ranges_found;
  report.damaged_bytes += end - begin;
  if (report.damaged_ranges.size() == max_listed) return {};
  segment::Scanner scanner;
  scanner.start(file, begin, end);
  Result<format::Stop> stop = scanner.next();
  if (stop && *stop != format::Stop::zeros) {
    scanner.start(file, begin, segment.info.size);  // a frame may announce more than there is before the next one
    stop = scanner.next();
  }
  if (!stop) return propagate(stop);
  report.damaged_ranges.push_back({.segment = segment.id, .begin = begin, .end = end, .stop = *stop});
  return {};
}

Result<void> survey_segment(const Snapshot& snapshot, const PinnedSegment& segment, std::uint64_t begin,
                            std::optional<std::uint64_t>& previous, VerifyReport& report) {
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(snapshot, segment);
  if (!file) return propagate(file);
  std::uint64_t end = segment.info.size;
  if (segment.id == snapshot.segments.back().id) {  // zeros after its last record are reserved, not damaged
    Result<std::uint64_t> data_end = segment::end_of_data(**file, begin, end);
    if (!data_end) return propagate(data_end);
    end = *data_end;
  }
  std::uint64_t sound_end = begin;
  segment::CrcWork work;
  Result<segment::Apart> apart = segment::find_runs(
      **file, {.begin = begin, .end = segment.info.size, .previous_txid = previous}, work,
      [&](const segment::Run& run) -> Result<void> {
        Result<void> noted = note_range(**file, segment, sound_end, run.begin, report);
        sound_end = run.end;
        previous = run.last_txid;
        report.records_behind_damage += run.records;
        return noted;
      });
  if (!apart) return propagate(apart);
  return sound_end < end ? note_range(**file, segment, sound_end, end, report) : Result<void>();
}

void note_ids(std::uint32_t first, std::uint32_t last, VerifyReport& report) {
  if (first <= last && report.missing_segments.size() < max_listed) report.missing_segments.push_back({first, last});
}

}  // namespace

void survey_ids(const Snapshot& snapshot, VerifyReport& report) {
  std::uint32_t expected = 1;
  for (const PinnedSegment& segment : snapshot.segments) {
    note_ids(expected, segment.id - 1, report);
    expected = segment.id + 1;
  }
  if (snapshot.watermark && report.watermark == WatermarkState::broken) {
    note_ids(expected, snapshot.watermark->segment, report);
  }
}

Result<void> survey_damage(const Snapshot& snapshot, Position from, VerifyReport& report) {
  std::optional<std::uint64_t> previous = report.recovery.last_txid_seen;
  for (const PinnedSegment& segment : snapshot.segments) {
    if (segment.id < from.segment) continue;
    const std::uint64_t begin = segment.id == from.segment ? from.offset : 0;
    if (Result<void> done = survey_segment(snapshot, segment, begin, previous, report); !done) return done;
  }
  return {};
}

}  // namespace datawal::log
