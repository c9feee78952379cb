#include "log/maintenance/damage_survey.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "segment/resync.hpp"
#include "segment/scanner.hpp"

namespace datawal::log {

namespace {

constexpr std::size_t max_listed = 100;

Result<format::Stop> stop_at(safeatomic::File& file, const PinnedSegment& segment, std::uint64_t begin,
                             std::uint64_t end) {
  segment::Scanner scanner;
  scanner.start(file, begin, end);
  Result<format::Stop> stop = scanner.next();
  if (!stop || *stop == format::Stop::zeros) return stop;
  scanner.start(file, begin, segment.info.size);  // a frame may announce more than there is before the next one
  return scanner.next();
}

// The damage of one segment.
class SegmentSurvey {
 public:
  SegmentSurvey(const PinnedSegment& segment, safeatomic::File& file, const DamageVisitor& visitor,
                VerifyReport& report)
      : segment_(segment), file_(file), visitor_(visitor), report_(report) {}

  /// @return false if the visitor ended it
  Result<bool> run(std::uint64_t begin, bool is_newest, std::optional<std::uint64_t>& previous) {
    std::uint64_t end = segment_.info.size;
    if (is_newest) {  // zeros after its last record are reserved, not damaged
      Result<std::uint64_t> data_end = segment::end_of_data(file_, begin, end);
      if (!data_end) return propagate(data_end);
      end = *data_end;
    }
    sound_end_ = begin;
    segment::CrcWork work;
    Result<segment::Apart> apart = segment::find_runs(
        file_, {.begin = begin, .end = segment_.info.size, .previous_txid = previous}, work,
        [&](const segment::Run& run) -> Result<void> {
          if (!goes_on_) return {};
          if (Result<void> noted = note_range(run.begin); !noted) return noted;
          sound_end_ = run.end;
          previous = run.last_txid;
          report_.records_behind_damage += run.records;
          return show(run);
        });
    if (!apart) return propagate(apart);
    if (!goes_on_) return false;
    if (Result<void> noted = note_range(end); !noted) return propagate(noted);
    const std::uint64_t zeros = std::max(end, sound_end_);  // a record's checksum may end in zeros
    if (visitor_.on_reserved && zeros < segment_.info.size) visitor_.on_reserved(segment_, zeros, segment_.info.size);
    return true;
  }

 private:
  // What lies between the last sound record and `end`.
  Result<void> note_range(std::uint64_t end) {
    if (sound_end_ >= end) return {};
    ++report_.damaged_ranges_found;
    report_.damaged_bytes += end - sound_end_;
    DamagedRange range{.segment = segment_.id, .begin = sound_end_, .end = end, .stop = format::Stop::none};
    if (report_.damaged_ranges.size() < max_listed) {
      const Result<format::Stop> stop = stop_at(file_, segment_, sound_end_, end);
      if (!stop) return propagate(stop);
      range.stop = *stop;
      report_.damaged_ranges.push_back(range);
    }
    if (visitor_.on_range) visitor_.on_range(range);
    return {};
  }

  Result<void> show(const segment::Run& run) {
    if (!visitor_.on_run) return {};
    const Result<bool> goes_on = visitor_.on_run(segment_, file_, run);
    if (!goes_on) return propagate(goes_on);
    goes_on_ = *goes_on;
    return {};
  }

  const PinnedSegment& segment_;
  safeatomic::File& file_;
  const DamageVisitor& visitor_;
  VerifyReport& report_;
  std::uint64_t sound_end_ = 0;
  bool goes_on_ = true;
};

void note_ids(std::uint32_t first, std::uint32_t last, const DamageVisitor& visitor, VerifyReport& report) {
  if (first > last) return;
  const MissingSegments missing{.first = first, .last = last};
  if (report.missing_segments.size() < max_listed) report.missing_segments.push_back(missing);
  if (visitor.on_missing) visitor.on_missing(missing);
}

}  // namespace

void survey_ids(const Snapshot& snapshot, const DamageVisitor& visitor, VerifyReport& report) {
  std::uint32_t expected = 1;
  for (const PinnedSegment& segment : snapshot.segments) {
    note_ids(expected, segment.id - 1, visitor, report);
    expected = segment.id + 1;
  }
  if (snapshot.watermark && report.watermark == WatermarkState::broken) {
    note_ids(expected, snapshot.watermark->segment, visitor, report);
  }
}

Result<bool> survey_damage(const Snapshot& snapshot, Position from, const DamageVisitor& visitor,
                           VerifyReport& report) {
  std::optional<std::uint64_t> previous = report.recovery.last_txid_seen;
  for (const PinnedSegment& segment : snapshot.segments) {
    if (segment.id < from.segment) continue;
    const Result<std::shared_ptr<safeatomic::File>> file = open_pinned(snapshot, segment);
    if (!file) return propagate(file);
    const std::uint64_t begin = segment.id == from.segment ? from.offset : 0;
    const bool is_newest = segment.id == snapshot.segments.back().id;
    Result<bool> goes_on = SegmentSurvey(segment, **file, visitor, report).run(begin, is_newest, previous);
    if (!goes_on || !*goes_on) return goes_on;
  }
  return true;
}

}  // namespace datawal::log
