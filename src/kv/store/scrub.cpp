#include "kv/store/scrub.hpp"

#include <span>
#include <utility>

#include "base/rate_limit.hpp"
#include "kv/saved_index/index_check.hpp"
#include "log/directory/store_directory.hpp"
#include "log/maintenance/state_check.hpp"
#include "log/maintenance/verification.hpp"
#include "log/read/snapshot.hpp"

namespace datawal {

namespace kv {

namespace {

// One pass over a snapshot: what it reads is shown to all that is compared with it.
class Scrub {
 public:
  Scrub(const std::shared_ptr<const log::Snapshot>& snapshot, const ScrubOptions& options)
      : snapshot_(snapshot),
        options_(options),
        limit_(options.max_bytes_per_second),
        index_(snapshot),
        state_(*snapshot) {
    for (const log::PinnedSegment& segment : snapshot->segments) progress_.bytes_total += segment.info.size;
    if (options.compares_index) index_.begin(options.max_bytes_per_second == 0 ? 0 : 1);
  }

  Result<ScrubReport> run() {
    if (!tell()) return ScrubReport{.index = index_.report(), .state = state_.report(), .is_cancelled = true};
    Result<VerifyReport> log = log::verify_snapshot(snapshot_, visitor(), {});
    if (!log) return propagate(log);
    if (!is_stopped_) end(*log);
    Result<IndexReport> index = index_.report();
    if (!is_stopped_) index = index_.compared([this] { return tell(); });
    if (!index) return propagate(index);
    return ScrubReport{
        .log = std::move(*log), .index = std::move(*index), .state = state_.report(), .is_cancelled = is_stopped_};
  }

 private:
  log::VerifyVisitor visitor() {
    return {.on_enter = [this](const log::PinnedSegment& segment, safeatomic::File& file) -> Result<void> {
              state_.enter(segment);
              return index_.enter(segment, file);
            },
            .on_records = [this](std::span<const RecordView> records) -> Result<bool> { return take(records); },
            .on_end = {},
            .damage = {.on_run = [this](const log::PinnedSegment&, safeatomic::File&,
                                        const segment::Run&) -> Result<bool> { return tell(); }}};
  }

  bool take(std::span<const RecordView> records) {
    state_.take(records);
    index_.take(records);
    for (const RecordView& record : records) progress_.bytes_done += record.ref.len;
    limit_.wait([this] { return static_cast<double>(progress_.bytes_done); }, [this] { return tell(); });
    if (progress_.bytes_done >= told_ + tell_after) tell();
    return !is_stopped_;
  }

  void end(const VerifyReport& log) {
    progress_.bytes_done = progress_.bytes_total;
    tell();
    if (log.damage) return;
    state_.end();
    index_.end();
  }

  bool tell() {
    told_ = progress_.bytes_done;
    if (!is_stopped_ && options_.on_progress) is_stopped_ = !options_.on_progress(progress_);
    return !is_stopped_;
  }

  static constexpr std::uint64_t tell_after = 4ULL << 20;  // about a millisecond of reading

  const std::shared_ptr<const log::Snapshot>& snapshot_;
  const ScrubOptions& options_;
  const RateLimit limit_;
  IndexCheck index_;
  log::StateCheck state_;
  Progress progress_{};
  std::uint64_t told_ = 0;
  bool is_stopped_ = false;
};

}  // namespace

Result<ScrubReport> scrub(std::shared_ptr<safeatomic::Directory> directory, const ScrubOptions& options) {
  const Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(std::move(directory), nullptr);
  if (!snapshot) return propagate(snapshot);
  return Scrub(*snapshot, options).run();
}

}  // namespace kv

Result<ScrubReport> scrub(const std::filesystem::path& dir, const ScrubOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  return kv::scrub(std::move(*directory), options);
}

std::optional<Error> ScrubReport::damage() const {
  if (log.damage) return log.damage;
  const auto lies = [](std::string_view what, const std::string& reason) {
    return Error{.code = Errc::corruption, .action = what, .detail = reason};
  };
  if (index.state == IndexState::damaged) return lies("compare the persisted index with the log", index.reason);
  if (state.state == IndexState::damaged) return lies("compare the state of the log with it", state.reason);
  return std::nullopt;
}

}  // namespace datawal
