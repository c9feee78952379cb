#include "log/maintenance/state_check.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/log_scanner.hpp"
#include "log/recovery/recovery.hpp"
#include "log/saved/drop_saved.hpp"

namespace datawal {

namespace log {

namespace {

bool says_the_same(const SavedLog& saved, const LogState& held) {
  const auto differs = [](const SavedSegment& a, const SavedSegment& b) {
    return a.id != b.id || a.counts != b.counts || a.chain != b.chain;
  };
  if (held.segments().size() < saved.segments.size()) return false;
  auto there = held.segments().begin();
  return std::ranges::none_of(saved.segments, [&](const SavedSegment& said) { return differs(said, *there++); });
}

}  // namespace

StateCheck::StateCheck(const Snapshot& snapshot) : look_(look_at_state(snapshot)) {}

void StateCheck::enter(const PinnedSegment& segment) {
  if (!is_done()) held_.enter(segment.id, segment.info);
}

void StateCheck::take(std::span<const RecordView> records) {
  if (is_done()) return;
  const std::uint64_t last = look_.log->header.last.txid;
  for (const RecordView& record : records) {
    if (record.txid <= last) held_.add(record.type, record.txid, record.ref.len, record.ref.crc);
    has_all_ = has_all_ || record.txid >= last;
  }
}

StateReport StateCheck::report() const {
  StateReport report{.state = look_.state, .reason = look_.reason, .bytes = look_.bytes};
  if (!look_.log) return report;
  report.segments = look_.log->segments.size();
  report.records_covered = before_saved(*look_.log).records;
  report.last_txid = look_.log->header.last.txid;
  if (has_all_ && !says_the_same(*look_.log, held_)) {
    report.state = IndexState::damaged;
    report.reason = "it counts other records than the log holds";
  }
  return report;
}

}  // namespace log

Result<StateReport> inspect_state(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<std::shared_ptr<const log::Snapshot>> snapshot = log::snapshot_of(dir, options.file_system);
  if (!snapshot) return propagate(snapshot);
  return log::StateCheck(**snapshot).report();
}

Result<StateReport> check_state(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<std::shared_ptr<const log::Snapshot>> snapshot = log::snapshot_of(dir, options.file_system);
  if (!snapshot) return propagate(snapshot);
  log::StateCheck check(**snapshot);
  log::LogScanner scanner(*snapshot, log::LastSegment::live);
  scanner.on_enter([&check](const log::PinnedSegment& segment, safeatomic::File&) -> Result<void> {
    check.enter(segment);
    return {};
  });
  std::array<RecordView, log::replay_batch> records;
  while (!check.is_done()) {
    const Result<std::size_t> count = scanner.next_batch(records);
    if (!count) return propagate(count);
    if (*count == 0) check.end();
    check.take(std::span(records).first(*count));
  }
  return check.report();
}

Result<bool> drop_state(const std::filesystem::path& dir, const OpenOptions& options) {
  return log::drop_saved(dir, options, log::state_name, "remove state");
}

}  // namespace datawal
