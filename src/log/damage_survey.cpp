#include "log/damage_survey.hpp"

#include <memory>

#include "segment/scanner.hpp"
#include "segment/tail.hpp"

namespace datawal {

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
    scanner.start(file, begin, segment.info.size);  // a frame may announce more than there is up to the next one
    stop = scanner.next();
  }
  if (!stop) return propagate(stop);
  report.damaged_ranges.push_back({.segment = segment.id, .begin = begin, .end = end, .stop = *stop});
  return {};
}

Result<void> survey_segment(const Snapshot& snapshot, const PinnedSegment& segment, std::uint64_t begin,
                            VerifyReport& report) {
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(snapshot, segment);
  if (!file) return propagate(file);
  std::uint64_t end = segment.info.size;
  if (segment.id == snapshot.segments.back().id) {  // zeros behind its last record are reserved, not damaged
    Result<std::uint64_t> data_end = segment::end_of_data(**file, begin, end);
    if (!data_end) return propagate(data_end);
    end = *data_end;
  }
  std::uint64_t sound_end = begin;
  segment::CrcWork work;
  Result<std::uint64_t> found = segment::find_records(
      **file, begin, segment.info.size, work,
      [&](std::uint64_t offset, const format::DecodedRecord& record) -> Result<void> {
        Result<void> noted = note_range(**file, segment, sound_end, offset, report);
        sound_end = offset + record.len;
        return noted;
      });
  if (!found) return propagate(found);
  report.records_behind_damage += *found;
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
  for (const PinnedSegment& segment : snapshot.segments) {
    if (segment.id < from.segment) continue;
    const std::uint64_t begin = segment.id == from.segment ? from.offset : 0;
    if (Result<void> done = survey_segment(snapshot, segment, begin, report); !done) return done;
  }
  return {};
}

}  // namespace datawal
