#include <datawal/survey.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/projection/projection.hpp"
#include "kv/projection/replay.hpp"
#include "kv/projection/stats.hpp"
#include "log/directory/store_directory.hpp"
#include "log/maintenance/verification.hpp"
#include "log/read/snapshot.hpp"
#include "segment/scanner.hpp"

namespace datawal {

std::string_view name_of(RecordState state) noexcept {
  switch (state) {
    case RecordState::raw: return "raw";
    case RecordState::live: return "live";
    case RecordState::dead: return "dead";
    case RecordState::tombstone: return "tombstone";
    case RecordState::put: return "put";
    case RecordState::behind_damage: return "behind_damage";
  }
  return "unknown";
}

std::string_view name_of(StretchKind kind) noexcept {
  switch (kind) {
    case StretchKind::torn: return "torn";
    case StretchKind::damaged: return "damaged";
    case StretchKind::reserved: return "reserved";
    case StretchKind::unfinished: return "unfinished";
  }
  return "unknown";
}

namespace {

using log::PinnedSegment;

// The fold that tells live records from dead ones, within the memory allowed.
class Keys {
 public:
  Keys(const log::Snapshot& snapshot, const SurveyVisitor& visitor, const SurveyOptions& options)
      : max_bytes_(options.max_index_bytes) {
    if (options.reads_keys) fold_.emplace(snapshot, visitor, options.read_path);
  }

  [[nodiscard]] bool are_known() const noexcept { return fold_.has_value(); }

  Result<void> enter(const PinnedSegment& segment, safeatomic::File& file) {
    return fold_ ? fold_->on_enter(segment, file) : Result<void>();
  }
  void take(std::span<const RecordView> records) {
    if (!fold_) return;
    fold_->replay.on_records(records);
    if (fold_->projection.memory_bytes() > max_bytes_) fold_.reset();
  }
  // What was folded a moment ago and is not there any more was changed meanwhile, and is no damage.
  Result<void> finish() {
    if (!fold_) return {};
    Result<void> folded = fold_->replay.on_end();
    if (!folded && folded.error().code == Errc::corruption) folded.error().code = Errc::snapshot_expired;
    return folded;
  }
  // The visitor has ended it: these records count, and it is told nothing more.
  Result<void> end_with(std::span<const RecordView> records) {
    if (fold_) fold_->is_told = false;
    take(records);
    return finish();
  }

  [[nodiscard]] StoreStats stats() const { return fold_ ? kv::stats_of(fold_->projection) : StoreStats{}; }

 private:
  struct Fold {
    Fold(const log::Snapshot& snapshot, const SurveyVisitor& visitor, ReadPath read_path)
        : projection(std::make_shared<log::SegmentRegistry>(snapshot.directory), read_path),
          folding(projection, 1, snapshot.segments.empty() ? 0 : snapshot.segments.back().id),
          replay(folding.visitor()),
          on_enter(folding.on_enter()) {
      projection.trusts_what_it_folded();
      if (!visitor.on_superseded) return;
      projection.on_superseded([this, &visitor](const kv::Superseded& old) {
        if (!is_told) return;
        visitor.on_superseded({.segment = old.segment,
                               .offset = old.offset,
                               .len = old.len,
                               .by_segment = old.by_segment,
                               .by_offset = old.by_offset,
                               .key = old.key});
      });
    }
    Fold(const Fold&) = delete;
    Fold& operator=(const Fold&) = delete;

    bool is_told = true;
    kv::Projection projection;
    kv::Replay folding;
    log::RecoveryVisitor replay;
    log::LogScanner::EnterCallback on_enter;
  };

  const std::uint64_t max_bytes_;
  std::optional<Fold> fold_;
};

// The parts that need no keys.
class Counts {
 public:
  void enter(std::uint32_t id) { segments_.push_back({.id = id}); }
  void add(const RecordView& record) {
    SegmentStats& segment = segments_.back();
    segment.bytes += record.ref.len;
    segment.last_txid = record.txid;
    switch (record.type) {
      case RecordType::Raw:
        ++segment.raw_records;
        segment.raw_bytes += record.ref.len;
        return;
      case RecordType::Put: ++segment.put_records; return;
      case RecordType::Delete:
        ++segment.delete_records;
        segment.tombstone_bytes += record.ref.len;
        return;
    }
  }

  [[nodiscard]] StoreStats stats() && {
    StoreStats stats{.segments = segments_.size()};
    for (SegmentStats& segment : segments_) {
      stats.bytes += segment.bytes;
      stats.raw_records += segment.raw_records;
      stats.put_records += segment.put_records;
      stats.delete_records += segment.delete_records;
    }
    if (!segments_.empty()) segments_.back().is_active = true;
    stats.per_segment = std::move(segments_);
    return stats;
  }

 private:
  std::vector<SegmentStats> segments_;
};

class Surveyor {
 public:
  Surveyor(std::shared_ptr<const log::Snapshot> snapshot, const SurveyVisitor& visitor, const SurveyOptions& options)
      : snapshot_(std::move(snapshot)), visitor_(visitor), options_(options), keys_(*snapshot_, visitor, options) {}

  Result<SurveyReport> run() {
    const log::VerifyVisitor seen{
        .on_enter = [this](const PinnedSegment& segment, safeatomic::File& file) -> Result<void> {
          announce_up_to(segment.id);
          counts_.enter(segment.id);
          return keys_.enter(segment, file);
        },
        .on_records = [this](std::span<const RecordView> records) { return take(records); },
        .on_end = [this](const log::LogScanner& scanner) -> Result<void> { return end_at(scanner); },
        .damage = {.on_missing = visitor_.on_missing,
                   .on_range = [this](const DamagedRange& range) { show(range); },
                   .on_run = [this](const PinnedSegment& segment, safeatomic::File& file,
                                    const segment::Run& run) { return show(segment, file, run); },
                   .on_reserved =
                       [this](const PinnedSegment& segment, std::uint64_t begin, std::uint64_t end) {
                         show({.kind = StretchKind::reserved,
                               .segment = segment.id,
                               .begin = begin,
                               .end = end,
                               .stop = format::Stop::zeros});
                       }}};
    Result<VerifyReport> verified = log::verify_snapshot(snapshot_, seen, options_.on_progress);
    if (!verified) return propagate(verified);
    if (is_complete_) announce_up_to(snapshot_->segments.empty() ? 0 : snapshot_->segments.back().id);
    return report_of(std::move(*verified));
  }

 private:
  void announce_up_to(std::uint32_t id) {
    while (announced_ < snapshot_->segments.size() && snapshot_->segments[announced_].id <= id) {
      const PinnedSegment& segment = snapshot_->segments[announced_++];
      if (!visitor_.on_segment) continue;
      visitor_.on_segment(
          {.id = segment.id, .bytes = segment.info.size, .is_active = announced_ == snapshot_->segments.size()});
    }
  }

  void show(const Stretch& stretch) {
    if (stretch.begin >= stretch.end) return;
    announce_up_to(stretch.segment);
    if (visitor_.on_stretch) visitor_.on_stretch(stretch);
  }
  void show(const DamagedRange& range) {
    show({.kind = StretchKind::damaged,
          .segment = range.segment,
          .begin = range.begin,
          .end = range.end,
          .stop = range.stop});
  }

  [[nodiscard]] RecordState state_of(RecordType type) const noexcept {
    switch (type) {
      case RecordType::Raw: return RecordState::raw;
      case RecordType::Put: return keys_.are_known() ? RecordState::live : RecordState::put;
      case RecordType::Delete: return RecordState::tombstone;
    }
    std::unreachable();
  }

  // A record is shown before the fold can say that another one supersedes it.
  Result<bool> take(std::span<const RecordView> records) {
    for (std::size_t n = 0; n < records.size(); ++n) {
      counts_.add(records[n]);
      if (!visitor_.on_record) continue;
      is_complete_ = visitor_.on_record({.record = records[n], .state = state_of(records[n].type)});
      if (is_complete_) continue;
      if (Result<void> ended = keys_.end_with(records.first(n + 1)); !ended) return propagate(ended);
      return false;
    }
    keys_.take(records);
    return true;
  }

  Result<void> end_at(const log::LogScanner& scanner) {
    if (Result<void> folded = keys_.finish(); !folded) return folded;
    durable_txid_ = scanner.watermark().proven_txid();
    const log::ScanEnd& end = scanner.end();
    if (snapshot_->segments.empty() || end.verdict == log::Verdict::refuse ||
        end.verdict == log::Verdict::unsupported_version || scanner.stop() == format::Stop::none) {
      return {};
    }
    const PinnedSegment& newest = snapshot_->segments.back();
    if (scanner.position().segment != newest.id) return {};  // damage in an earlier one
    const bool is_torn = end.verdict == log::Verdict::cut_tail;
    if (is_torn) {
      show({.kind = StretchKind::torn,
            .segment = newest.id,
            .begin = end.valid_end,
            .end = end.data_end,
            .stop = end.stop});
    }
    const bool is_reserved = is_torn || end.stop == format::Stop::zeros;
    show({.kind = is_reserved ? StretchKind::reserved : StretchKind::unfinished,
          .segment = newest.id,
          .begin = end.data_end,
          .end = end.file_end,
          .stop = is_reserved ? format::Stop::zeros : format::Stop::none});
    return {};
  }

  // The records of a run behind damage. They were whole when it was found; what has changed since is not shown.
  Result<bool> show(const PinnedSegment& segment, safeatomic::File& file, const segment::Run& run) {
    announce_up_to(segment.id);
    if (!visitor_.on_record) return true;
    segment::Scanner scanner;
    scanner.start(file, run.begin, run.end);
    for (std::uint64_t n = 0; n < run.records; ++n) {
      const Result<format::Stop> stop = scanner.next();
      if (!stop) return propagate(stop);
      if (*stop != format::Stop::none) break;
      const format::DecodedRecord& frame = scanner.frame();
      const RecordView record{.type = frame.type,
                              .txid = frame.txid,
                              .key = frame.key,
                              .payload = frame.payload,
                              .ref = {.segment = segment.id,
                                      .offset = scanner.frame_offset(),
                                      .len = static_cast<std::uint32_t>(frame.len),
                                      .txid = frame.txid,
                                      .crc = frame.crc}};
      is_complete_ = visitor_.on_record({.record = record, .state = RecordState::behind_damage});
      if (!is_complete_) return false;
    }
    return true;
  }

  SurveyReport report_of(VerifyReport verified) {
    SurveyReport report{.verify = std::move(verified), .is_complete = is_complete_, .knows_keys = keys_.are_known()};
    report.stats = report.knows_keys ? keys_.stats() : std::move(counts_).stats();
    report.stats.last_txid = report.verify.recovery.last_txid_seen;
    report.stats.durable_txid = durable_txid_;
    kv::count_quarantine(*snapshot_->directory, report.stats);
    kv::count_holds(*snapshot_->directory, report.stats);
    return report;
  }

  const std::shared_ptr<const log::Snapshot> snapshot_;
  const SurveyVisitor& visitor_;
  const SurveyOptions& options_;
  Keys keys_;
  Counts counts_;
  std::size_t announced_ = 0;  // segments, of the snapshot's
  std::uint64_t durable_txid_ = 0;
  bool is_complete_ = true;
};

}  // namespace

Result<SurveyReport> survey(const std::filesystem::path& dir, const SurveyVisitor& visitor,
                            const SurveyOptions& options) {
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::snapshot_of(dir, options.file_system);
  if (!snapshot) return propagate(snapshot);
  return Surveyor(std::move(*snapshot), visitor, options).run();
}

}  // namespace datawal
