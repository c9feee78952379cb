#include <datawal/data_wal_reader.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "base/handle_error.hpp"
#include "kv/compaction/compact_to.hpp"
#include "kv/jsonl/jsonl_export.hpp"
#include "kv/projection/additions.hpp"
#include "kv/projection/live_view.hpp"
#include "kv/projection/projection.hpp"
#include "kv/projection/stats.hpp"
#include "kv/saved_index/index_opening.hpp"
#include "kv/store/data_wal_cursor_impl.hpp"
#include "log/directory/holds_file.hpp"
#include "log/directory/store_directory.hpp"
#include "log/maintenance/checkpoint.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/seen_tail.hpp"
#include "log/read/snapshot.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] DataWalReader::Impl {
  // One state of the store, and its index.
  struct State {
    std::shared_ptr<const log::Snapshot> snapshot{};
    std::shared_ptr<kv::Projection> projection{};  // also of cursors, which may outlive it
    RecoveryReport report{};
    std::uint64_t last_txid = 0;
    std::uint64_t durable_txid = 0;
    std::uint64_t previous_txid = 0;  // of the last record; 0: there is none
    log::SeenTail seen{};
  };

  /// Advances to `now` if that is this state plus nothing or little more.
  /// @return whether anything changed; nullopt, and what is shown is as before, if all is to be read again
  /// @param was_taken_back  set if records that were shown are gone
  [[nodiscard]] std::optional<bool> go_on_to(const std::shared_ptr<const log::Snapshot>& now, bool& was_taken_back);

  [[nodiscard]] static Result<State> build(const std::shared_ptr<const log::Snapshot>& snapshot,
                                           const ReaderOptions& options);
  [[nodiscard]] static Result<State> read(const std::shared_ptr<const log::Snapshot>& snapshot,
                                          kv::IndexOpening& opening, const log::RecoveryVisitor& visitor,
                                          const std::optional<log::Before>& before);

  std::shared_ptr<safeatomic::Directory> directory{};
  ReaderOptions options{};
  State state{};

  /// All that lives, in log order.
  [[nodiscard]] Result<kv::LiveView> walk() const {
    if (Result<void> loaded = state.projection->load_all(); !loaded) return propagate(loaded);
    kv::LiveView live(state.projection);
    if (Result<void> complete = live.complete(); !complete) return propagate(complete);
    return live;
  }
  [[nodiscard]] safeatomic::FileSystem& file_system() const noexcept {
    return log::file_system_of(options.file_system);
  }
};

// Behind `before`, or all of it.
Result<DataWalReader::Impl::State> DataWalReader::Impl::read(const std::shared_ptr<const log::Snapshot>& snapshot,
                                                             kv::IndexOpening& opening,
                                                             const log::RecoveryVisitor& visitor,
                                                             const std::optional<log::Before>& before) {
  State state{.snapshot = snapshot, .seen = log::SeenTail(*snapshot)};
  const std::uint32_t last_id = snapshot->segments.empty() ? 0 : snapshot->segments.back().id;
  const auto extend_last = [&opening](std::uint64_t to) { opening.so_far().address_space().extend_last(to); };
  log::Position from;
  std::uint64_t end = 0;
  if (before) {
    from = {.segment = before->last.segment, .offset = before->last.offset + before->last.len};
    state.seen.begin_behind(before->last);
    state.previous_txid = before->last.txid;
    if (from.segment == last_id) extend_last(end = from.offset);
  }
  log::LogScanner scanner(snapshot, log::LastSegment::live, from);
  if (before) scanner.goes_on_behind(*before);
  scanner.on_enter([&](const log::PinnedSegment& segment, safeatomic::File& file) -> Result<void> {
    if (segment.id != from.segment) {
      visitor.on_segment(opening.so_far().address_space().registry()->add(segment), file);
    }
    return {};
  });
  std::array<RecordView, log::replay_batch> records;
  for (;;) {
    Result<std::size_t> count = scanner.next_batch(records);
    if (!count) return propagate(count);
    if (*count == 0) break;
    // A frame that was only just complete may lie behind the size that was pinned.
    const RecordRef& last = records[*count - 1].ref;
    state.previous_txid = last.txid;
    if (last.segment == last_id) extend_last(end = last.offset + last.len);
    for (const RecordView& record : std::span(records).first(*count)) state.seen.add(record.ref);
    visitor.on_records(std::span(records).first(*count));
  }
  if (Result<void> replayed = visitor.on_end(); !replayed) return propagate(replayed);
  if (last_id != 0) extend_last(end);
  if (state.seen.end() != end) state.seen = {};
  state.report = scanner.report();
  state.last_txid = state.report.last_txid_seen;
  state.durable_txid = scanner.watermark().proven_txid();
  return state;
}

Result<DataWalReader::Impl::State> DataWalReader::Impl::build(const std::shared_ptr<const log::Snapshot>& snapshot,
                                                              const ReaderOptions& options) {
  kv::IndexOpening opening(std::make_shared<log::SegmentRegistry>(snapshot->directory),
                           {.is_used = options.uses_index,
                            .read_path = options.read_path,
                            .threads = options.open_threads,
                            .unmapped_id = snapshot->segments.empty() ? 0 : snapshot->segments.back().id,
                            .memory_limit = options.index_memory_limit});
  const log::RecoveryVisitor visitor = opening.visitor();
  std::optional<log::Before> before = visitor.on_begin(*snapshot);
  for (;;) {
    Result<State> state = read(snapshot, opening, visitor, before);
    if (state) {
      visitor.on_report(state->report);
      state->projection = opening.projection();
      return state;
    }
    if (!before) return state;
    before.reset();  // the whole log decides
    visitor.on_restart(state.error());
  }
}

std::optional<bool> DataWalReader::Impl::go_on_to(const std::shared_ptr<const log::Snapshot>& now,
                                                  bool& was_taken_back) {
  const log::SeenTail& seen = state.seen;
  if (seen.segment() == 0 || !seen.is_whole() || !goes_on_from(*now, *state.snapshot)) return std::nullopt;
  if (now->segments.size() - state.snapshot->segments.size() > kv::Additions::max_segments) return std::nullopt;
  log::LogScanner scanner(now, log::LastSegment::live,
                          {.segment = seen.segment(), .offset = seen.before() ? seen.before()->offset : 0});
  log::SeenTail again = seen.begun();
  log::SeenTail next(*now);
  RecordView record;
  if (seen.before()) {
    // Until it is found again the walk begins at an unproven place, and says nothing about where the snapshot ends.
    const Result<bool> found = scanner.next(record);
    if (!found || !*found || record.ref != *seen.before()) return std::nullopt;
    next.add(record.ref);
  }
  scanner.began_at(log::Start::proven);
  kv::Additions additions(*state.projection);
  RecoveryReport report = state.report;
  std::uint64_t previous_txid = state.previous_txid;
  for (;;) {
    const Result<bool> more = scanner.next(record);
    if (!more) return std::nullopt;  // who reads all again can tell
    if (!*more) break;
    next.add(record.ref);
    if (record.ref.segment == seen.segment() && record.ref.offset < seen.end()) {
      again.add(record.ref);
      continue;
    }
    was_taken_back = again != seen;
    if (was_taken_back || !additions.add(record)) return std::nullopt;
    ++report.records_replayed;
    if (previous_txid != 0 && record.txid != previous_txid + 1) ++report.txid_gaps;
    previous_txid = record.txid;
    report.last_txid_seen = std::max(report.last_txid_seen, record.txid);
  }
  was_taken_back = again != seen;
  if (was_taken_back) return std::nullopt;
  if (additions.size() > 0 || now->segments.size() != state.snapshot->segments.size()) {
    state.seen = {};  // the space may have got ahead of the snapshot where this fails
    if (!additions.take_in(*now, scanner.end().valid_end)) return std::nullopt;
  }
  RecoveryReport whole = scanner.report();
  whole.files_scanned = now->segments.size();
  whole.records_replayed = report.records_replayed;
  whole.txid_gaps = report.txid_gaps;
  whole.last_txid_seen = report.last_txid_seen;
  state.report = std::move(whole);
  state.last_txid = report.last_txid_seen;
  state.previous_txid = previous_txid;
  state.durable_txid = scanner.watermark().proven_txid();
  state.seen = next.end() == scanner.end().valid_end ? next : log::SeenTail{};
  state.snapshot = now;
  return additions.size() > 0;
}

DataWalReader::DataWalReader(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DataWalReader::DataWalReader(DataWalReader&&) noexcept = default;
DataWalReader& DataWalReader::operator=(DataWalReader&&) noexcept = default;
DataWalReader::~DataWalReader() = default;

Result<DataWalReader> DataWalReader::open(const std::filesystem::path& dir, const ReaderOptions& options) {
  if (options.only_durable) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "open store",
                                 .path = dir,
                                 .detail = "only_durable is for readers of a log; of keys the newest value is shown"});
  }
  if (options.index_memory_limit != 0 && !options.uses_index) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "open store",
                                 .path = dir,
                                 .detail = "an index_memory_limit needs uses_index"});
  }
  Result<std::unique_ptr<safeatomic::Directory>> opened = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!opened) return propagate(opened);
  auto impl = std::make_unique<Impl>();
  impl->directory = std::move(*opened);
  impl->options = options;
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(impl->directory, nullptr);
  if (!snapshot) return propagate(snapshot);
  Result<Impl::State> state = Impl::build(*snapshot, options);
  if (!state) return propagate(state);
  impl->state = std::move(*state);
  return DataWalReader(std::move(impl));
}

Result<bool> DataWalReader::refresh() {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  const log::Snapshot* before = impl_->state.snapshot.get();
  Result<std::shared_ptr<const log::Snapshot>> snapshot = take_snapshot(impl_->directory, before);
  if (!snapshot) return propagate(snapshot);
  bool was_taken_back = false;
  if (const std::optional<bool> changed = impl_->go_on_to(*snapshot, was_taken_back)) return *changed;
  Result<Impl::State> state = Impl::build(*snapshot, impl_->options);
  if (!state) return propagate(state);
  const kv::SegmentCounts now = state->projection->counts();
  const kv::SegmentCounts then = impl_->state.projection->counts();
  const log::SeenTail& seen = impl_->state.seen;
  was_taken_back |= state->seen != seen && state->seen.is_same_place(seen);
  const bool changed = was_taken_back || state->last_txid != impl_->state.last_txid || now.bytes != then.bytes;
  impl_->state = std::move(*state);
  return changed;
}

Answer<std::optional<std::string>> DataWalReader::get(std::string_view key) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return impl_->state.projection->get(key);
}

Answer<std::optional<std::size_t>> DataWalReader::get(std::string_view key, std::span<char> room) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return impl_->state.projection->get(key, room);
}

Result<void> DataWalReader::multi_get(std::span<const std::string_view> keys, Values& values) const {
  values.clear();
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return impl_->state.projection->multi_get(keys, values);
}

Answer<bool> DataWalReader::contains(std::string_view key) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  Result<std::optional<RecordRef>> ref = impl_->state.projection->find(key);
  if (!ref) return propagate(ref);
  return ref->has_value();
}

std::uint64_t DataWalReader::size() const noexcept { return impl_ ? impl_->state.projection->size() : 0; }

Result<void> DataWalReader::for_each(const DataWal::Visitor& visit) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  const Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return live->for_each(
      {}, [&visit](const format::DecodedRecord& record) -> Result<bool> { return visit(record.key, record.payload); });
}

Result<void> DataWalReader::for_each_key(const DataWal::KeyVisitor& visit) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  const Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return live->for_each_key(visit);
}

Result<std::vector<std::string>> DataWalReader::keys(const CursorOptions& which) const {
  CursorOptions options = which;
  options.keys_only = true;
  Result<DataWalCursor> keys = cursor(options);
  if (!keys) return propagate(keys);
  return kv::keys_of(*keys);
}

Result<void> DataWalReader::for_each(const CursorOptions& which, const DataWal::Visitor& visit) const {
  Result<DataWalCursor> walked = cursor(which);
  if (!walked) return propagate(walked);
  return kv::visit_all(*walked, visit);
}

Result<DataWalCursor> DataWalReader::cursor(const CursorOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::cursor_over(std::move(*live), options);
}

Result<ExportStats> DataWalReader::export_jsonl(const std::filesystem::path& file, const ExportOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  const Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::export_file(*live, options, impl_->file_system(), file);
}

Result<ExportStats> DataWalReader::export_jsonl_to(const Sink& sink, const ExportOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  const Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::export_lines(*live, options, [&sink](std::string_view lines) -> Result<bool> { return sink(lines); });
}

Result<CompactionStats> DataWalReader::compact_to(const std::filesystem::path& dir,
                                                  const CompactToOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  if (Result<void> said = kv::refuse_raw(*impl_->state.projection, options); !said) return propagate(said);
  const Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::compact_view(*live, options, impl_->state.snapshot, log::LastSegment::live, impl_->file_system(), dir);
}

Result<void> DataWalReader::checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return datawal::log::checkpoint(impl_->file_system(), impl_->state.snapshot, dir, options);
}

Result<std::vector<Hold>> DataWalReader::holds() const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return log::read_holds(*impl_->directory);
}

StoreStats DataWalReader::stats() const {
  if (!impl_) return {};
  StoreStats stats = kv::stats_of(*impl_->state.projection);
  stats.last_txid = impl_->state.last_txid;
  stats.durable_txid = impl_->state.durable_txid;
  kv::count_quarantine(*impl_->directory, stats);
  kv::count_holds(*impl_->directory, stats);
  return stats;
}

const RecoveryReport& DataWalReader::report() const noexcept {
  static const RecoveryReport none{};
  return impl_ ? impl_->state.report : none;
}

}  // namespace datawal
