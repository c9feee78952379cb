// Looking at the state of a log from outside.

#include <datawal/saved_state.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"
#include "log/saved/belief.hpp"
#include "log/saved/drop_saved.hpp"
#include "log/saved/log_state.hpp"

namespace datawal {

namespace {

struct Looked {
  std::shared_ptr<const log::Snapshot> snapshot;
  log::StateLook look;
};

Result<Looked> look_at(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(std::move(*directory), nullptr);
  if (!snapshot) return propagate(snapshot);
  return Looked{.snapshot = *snapshot, .look = log::look_at_state(**snapshot)};
}

StateReport report_of(const log::StateLook& look) {
  StateReport report{.state = look.state, .reason = look.reason, .bytes = look.bytes};
  if (!look.log) return report;
  report.segments = look.log->segments.size();
  report.records_covered = log::before_saved(*look.log).records;
  report.last_txid = look.log->header.last.txid;
  return report;
}

// What the log holds up to the record with the txid `last`.
Result<log::LogState> read_up_to(std::uint64_t last, const std::shared_ptr<const log::Snapshot>& snapshot) {
  log::LogState held({});
  log::LogScanner scanner(snapshot, log::LastSegment::live);
  scanner.on_enter([&held](const log::PinnedSegment& segment, safeatomic::File&) -> Result<void> {
    held.enter(segment.id, segment.info);
    return {};
  });
  RecordView record;
  for (;;) {
    const Result<bool> more = scanner.next(record);
    if (!more) return propagate(more);
    if (!*more || record.txid > last) return held;
    held.add(record.type, record.txid, record.ref.len, record.ref.crc);
  }
}

bool says_the_same(const log::SavedLog& saved, const log::LogState& held) {
  const auto differs = [](const log::SavedSegment& a, const log::SavedSegment& b) {
    return a.id != b.id || a.counts != b.counts || a.chain != b.chain;
  };
  if (held.segments().size() < saved.segments.size()) return false;
  auto there = held.segments().begin();
  return std::ranges::none_of(saved.segments, [&](const log::SavedSegment& said) { return differs(said, *there++); });
}

}  // namespace

Result<StateReport> inspect_state(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<Looked> looked = look_at(dir, options);
  if (!looked) return propagate(looked);
  return report_of(looked->look);
}

Result<StateReport> check_state(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<Looked> looked = look_at(dir, options);
  if (!looked) return propagate(looked);
  StateReport report = report_of(looked->look);
  if (!looked->look.log) return report;
  const Result<log::LogState> held = read_up_to(report.last_txid, looked->snapshot);
  if (!held) return propagate(held);
  if (!says_the_same(*looked->look.log, *held)) {
    report.state = IndexState::damaged;
    report.reason = "it counts other records than the log holds";
  }
  return report;
}

Result<bool> drop_state(const std::filesystem::path& dir, const OpenOptions& options) {
  return log::drop_saved(dir, options, log::state_name, "remove state");
}

}  // namespace datawal
