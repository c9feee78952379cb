#include <datawal/follower.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <datawal/record_log_reader.hpp>
#include <safeatomic/safeatomic.hpp>

#include <safeatomic/directory_watch.hpp>
#include "base/handle_error.hpp"
#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/handle/follower_cursor.hpp"

namespace datawal {

using safeatomic::DirectoryWatch;

namespace {

// Records shown before they were durable are compared every time up to this many bytes; more are compared once they are durable.
constexpr std::uint64_t max_compared_always = 1 << 20;

// A store under constant compaction expires one snapshot after the other.
constexpr int max_tries = 100;

Result<RecordLogReader> open_reader(const std::filesystem::path& dir, const FollowerOptions& options) {
  return RecordLogReader::open(dir, {.only_durable = options.only_durable, .file_system = options.file_system});
}

// A compaction leaves a record in its segment; earlier segments are older.
RecordCursor from_segment_of(const RecordRef& ref, const RecordLogReader& reader) {
  const std::span<const std::uint32_t> ids = reader.segments();
  const auto behind = std::ranges::upper_bound(ids, ref.segment);
  return behind == ids.begin() ? reader.records() : reader.records_from(*std::prev(behind), 0);
}

}  // namespace

struct [[gnu::visibility("hidden")]] Follower::Impl {
  Impl(RecordLogReader opened, std::filesystem::path where, const FollowerOptions& given, log::FollowerCursor begin_at)
      : reader(std::move(opened)),
        dir(std::move(where)),
        options(given),
        changes(std::in_place, dir, given.file_system == nullptr),
        at(begin_at) {
    begin();
  }

  RecordLogReader reader;
  const std::filesystem::path dir;
  const FollowerOptions options;
  std::optional<DirectoryWatch> changes;
  safeatomic::FileInfo directory{};  // that `reader` reads, or one that it has replaced
  log::FollowerCursor at;
  std::optional<RecordCursor> cursor{};
  std::optional<RecordView> held{};     // of `cursor`: shown next, once the loss before it was reported
  std::optional<Follower> measuring{};  // of lag()
  std::uint64_t durable_txid = 0;       // in the snapshot that `cursor` reads
  LostRecords lost{};
  bool is_at_end = false;           // of the snapshot
  bool is_compared = false;         // what the cursor file says was shown
  bool must_compare = false;        // what was shown with what is there, before `cursor` continues
  bool has_failed = false;          // `cursor` gets no further; a newer snapshot may
  bool ends_with_snapshot = false;  // what is appended meanwhile is left out

  void begin();
  Result<void> follow_directory();
  [[nodiscard]] bool has_become_durable(std::uint64_t txid) const noexcept {
    return at.undecided.count != 0 && txid > (at.base ? at.base->txid : 0);
  }
  Result<void> refresh();
  [[nodiscard]] std::uint64_t position_txid() const noexcept { return at.last ? at.last->txid : 0; }
  [[nodiscard]] std::optional<LostRecords> missing_before(const RecordView& found);
  void shown(const RecordRef& ref);
  [[nodiscard]] RecordCursor records_from_segment_of(const RecordRef& ref) const {
    return from_segment_of(ref, reader);
  }
  [[nodiscard]] Result<std::optional<LostRecords>> compare_undecided();
  [[nodiscard]] Result<RecordCursor> records_behind_base();
  [[nodiscard]] Result<std::optional<LostRecords>> find_place();
  [[nodiscard]] Result<std::optional<LostRecords>> end_before_place();
  [[nodiscard]] Result<bool> is_not_durable_yet(const RecordRef& last) const;
  [[nodiscard]] LostRecords take_back();
  [[nodiscard]] std::unexpected<Error> place_lost(const LostRecords& what);
};

// After the record shown last, in the snapshot of `reader`.
void Follower::Impl::begin() {
  const Result<DurableEnd> end = reader.durable_end();
  durable_txid = end ? end->txid : 0;  // if unknown, nothing is durable
  held.reset();
  cursor.emplace(at.last ? reader.records_after(*at.last) : reader.records());
  is_at_end = false;
  must_compare = at.undecided.count != 0 &&
                 (!is_compared || has_become_durable(durable_txid) || at.undecided.bytes <= max_compared_always);
}

// A restored copy may have replaced the directory: follow that one. If there is none, one may appear.
Result<void> Follower::Impl::follow_directory() {
  const safeatomic::Result<std::unique_ptr<safeatomic::Directory>> opened =
      log::file_system_of(options.file_system).open_directory(dir);
  if (!opened) return {};
  const safeatomic::Result<safeatomic::FileInfo> info = (*opened)->info();
  if (!info || (info->inode == directory.inode && info->device == directory.device)) return {};
  Result<RecordLogReader> there = open_reader(dir, options);
  if (!there) return propagate(there);
  reader = std::move(*there);
  measuring.reset();
  changes.emplace(dir, options.file_system == nullptr);
  directory = *info;
  begin();
  return {};
}

Result<void> Follower::Impl::refresh() {
  if (Result<void> followed = follow_directory(); !followed) return followed;
  Result<bool> changed = reader.refresh();
  if (!changed) return propagate(changed);
  const bool has_begun_elsewhere = *changed || !is_at_end;
  const Result<DurableEnd> end = has_begun_elsewhere ? Result<DurableEnd>() : reader.durable_end();
  if (has_begun_elsewhere || (end && has_become_durable(end->txid))) begin();
  if (!at.told_txid) at.told_txid = position_txid();
  return {};
}

// Txids ascend by one. What is missing after everything shown or reported was there and is gone, except what was already missing
// in the snapshot with which a follower of the whole log began. If a loss is reported, `found` is shown next.
std::optional<LostRecords> Follower::Impl::missing_before(const RecordView& found) {
  if (!at.told_txid) return std::nullopt;
  // If a record that was reported lost is there, this is another history, or the cursor file is of another log: ignore what was told.
  const std::uint64_t told = *at.told_txid < found.txid ? *at.told_txid : 0;
  const std::uint64_t known_txid = std::max(position_txid(), told);
  if (found.txid <= known_txid || found.txid - known_txid == 1) return std::nullopt;
  held = found;
  at.told_txid = found.txid - 1;
  // No compaction removes a Raw record. With keys, the two cannot be told apart.
  const bool is_trimmed = found.type == RecordType::Raw && found.ref.segment == reader.segments().front();
  return LostRecords{.first_txid = known_txid + 1,
                     .last_txid = found.txid - 1,
                     .cause = is_trimmed ? LostRecords::Cause::trimmed : LostRecords::Cause::compacted};
}

void Follower::Impl::shown(const RecordRef& ref) {
  at.last = ref;
  if (options.only_durable || ref.txid <= durable_txid) {
    at.base = ref;
    at.undecided = {};
  } else {
    at.undecided.add(ref);
  }
}

// The base is durable and so still there, or a compaction has moved or removed it, or its segment was dropped. Otherwise this is
// not the history that was followed, and there is no base.
Result<RecordCursor> Follower::Impl::records_behind_base() {
  if (!at.base) return reader.records();
  RecordCursor records = reader.records_after(*at.base);
  const Result<std::optional<RecordView>> first = records.next();
  if (first) return reader.records_after(*at.base);
  if (first.error().code != Errc::place_lost) return propagate(first);
  records = records_from_segment_of(*at.base);
  std::optional<RecordRef> before;
  for (;;) {
    const Result<std::optional<RecordView>> next = records.next();
    if (!next) return propagate(next);
    if (*next && (**next).txid < at.base->txid) {
      before = (**next).ref;
      continue;
    }
    if (!*next || ((**next).txid == at.base->txid && !is_same_record((**next).ref, *at.base))) at.base.reset();
    if (*next && at.base && (**next).txid == at.base->txid) {
      at.base = (**next).ref;
      return records;
    }
    return before ? reader.records_after(*before) : records_from_segment_of(at.base.value_or(RecordRef{}));
  }
}

// Reads again what was shown after the base. If it is all there, the cursor continues after it, and the part of it that has become
// durable moves the base.
Result<std::optional<LostRecords>> Follower::Impl::compare_undecided() {
  Result<RecordCursor> records = records_behind_base();
  if (!records) return propagate(records);
  log::UndecidedRecords seen;
  log::UndecidedRecords undecided;
  std::optional<RecordRef> base = at.base;
  for (;;) {
    const Result<std::optional<RecordView>> next = records->next();
    if (!next) return propagate(next);
    if (!*next) return end_before_place();
    const RecordRef ref = (**next).ref;
    if (ref.txid > at.last->txid) return take_back();
    seen.add(ref);
    undecided.add(ref);
    if (ref.txid <= durable_txid) {
      base = ref;
      undecided = {};
    }
    if (ref.txid < at.last->txid) continue;
    if (seen != at.undecided) return take_back();
    at = {.last = ref, .base = base, .undecided = undecided, .told_txid = at.told_txid};
    cursor = std::move(*records);
    must_compare = false;
    is_compared = true;
    return std::nullopt;
  }
}

// The record shown last is no longer where it was. Finds where the log continues after it, and begins there.
Result<std::optional<LostRecords>> Follower::Impl::find_place() {
  const RecordRef last = *at.last;
  RecordCursor records = records_from_segment_of(last);
  for (;;) {
    const Result<std::optional<RecordView>> next = records.next();
    if (!next) return propagate(next);
    if (!*next) return end_before_place();
    const RecordRef found = (**next).ref;
    if (found.txid < last.txid) continue;
    if (found.txid == last.txid && !is_same_record(found, last)) return take_back();
    if (at.undecided.count != 0) {  // what was shown before it decides
      must_compare = true;
      return std::nullopt;
    }
    if (found.txid == last.txid) {  // moved by a compaction
      if (at.base == at.last) at.base = found;
      at.last = found;
      cursor = std::move(records);
      return std::nullopt;
    }
    cursor.emplace(reader.records_from(found.segment, found.offset));
    return std::nullopt;
  }
}

// The log ends before the record shown last.
Result<std::optional<LostRecords>> Follower::Impl::end_before_place() {
  Result<bool> is_there = is_not_durable_yet(*at.last);
  if (!is_there) return propagate(is_there);
  if (!*is_there) return take_back();
  is_at_end = true;
  must_compare = false;
  return std::nullopt;
}

// True if the record shown last is there, though what is known to be durable ends before it: a store without a watermark, or with
// one that the loss of power has set back. Then it was not taken back, and its writer will prove it anew.
Result<bool> Follower::Impl::is_not_durable_yet(const RecordRef& last) const {
  if (!options.only_durable) return false;
  Result<RecordLogReader> all = RecordLogReader::open(dir, {.file_system = options.file_system});
  if (!all) return propagate(all);
  RecordCursor records = from_segment_of(last, *all);
  for (;;) {
    Result<std::optional<RecordView>> next = records.next();
    if (!next) return propagate(next);
    if (!*next) return false;
    const RecordRef& ref = (**next).ref;
    // If a compaction has dropped it, what follows shows that the log continues.
    if (ref.txid >= last.txid) return ref.txid > last.txid || is_same_record(ref, last);
  }
}

// Everything shown after the base may be another record now: it is shown again.
LostRecords Follower::Impl::take_back() {
  const std::uint64_t last_txid = at.last->txid;
  if (at.base == at.last) at.base.reset();  // this is not the history that was followed
  at = {.last = at.base, .base = at.base, .told_txid = at.base ? at.base->txid : 0};
  is_compared = true;
  begin();
  return {.first_txid = at.base ? at.base->txid + 1 : 1, .last_txid = last_txid, .cause = LostRecords::Cause::replaced};
}

std::unexpected<Error> Follower::Impl::place_lost(const LostRecords& what) {
  lost = what;
  std::string text = "the records with txids " + std::to_string(what.first_txid) + " to " +
                     std::to_string(what.last_txid);
  switch (what.cause) {
    case LostRecords::Cause::trimmed: text += " were dropped before they were read"; break;
    case LostRecords::Cause::compacted:
      text += " were compacted, or cut away by a repair, before they were read";
      break;
    case LostRecords::Cause::replaced: text += " may be others now; what stands there follows"; break;
  }
  return std::unexpected(
      Error{.code = Errc::place_lost, .action = "follow log", .path = dir, .detail = std::move(text)});
}

Follower::Follower(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Follower::Follower(Follower&&) noexcept = default;
Follower& Follower::operator=(Follower&&) noexcept = default;
Follower::~Follower() = default;

Result<Follower> Follower::open(const std::filesystem::path& dir, const FollowerOptions& options) {
  safeatomic::FileSystem& file_system = log::file_system_of(options.file_system);
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(file_system, dir);
  if (!directory) return propagate(directory);
  const safeatomic::Result<safeatomic::FileInfo> info = (*directory)->info();
  if (!info) return io_failure(info, "follow log");
  log::FollowerCursor cursor{.last = options.after, .base = options.after};
  bool is_noted = false;
  if (!options.cursor_file.empty()) {
    // Files inside the store would be copied or removed with it, and could be taken for a part of it.
    Result<void> outside = log::refuse_place_inside(file_system, options.cursor_file, **directory, "follow log");
    if (!outside) return propagate(outside);
    Result<std::optional<log::FollowerCursor>> noted = log::read_follower_cursor(file_system, options.cursor_file);
    if (!noted) return propagate(noted);
    is_noted = noted->has_value();
    if (is_noted) cursor = **noted;
  }
  // A file without a position is of a follower that began with the first record.
  if ((cursor.last || is_noted) && !cursor.told_txid) cursor.told_txid = cursor.last ? cursor.last->txid : 0;
  Result<RecordLogReader> reader = open_reader(dir, options);
  if (!reader) return propagate(reader);
  auto impl = std::make_unique<Impl>(std::move(*reader), dir, options, cursor);
  impl->directory = *info;
  return Follower(std::move(impl));
}

Result<std::optional<RecordView>> Follower::next() {
  if (!impl_) return std::unexpected(moved_from("follow log"));
  Impl& impl = *impl_;
  if (impl.held) {
    const RecordView view = *std::exchange(impl.held, std::nullopt);
    impl.shown(view.ref);
    return view;
  }
  bool is_fresh = false;  // the snapshot is newer than this call
  if (impl.has_failed) {
    if (Result<void> refreshed = impl.refresh(); !refreshed) return propagate(refreshed);
    impl.begin();
    impl.has_failed = false;
  }
  for (int tries = 0;; ++tries) {
    if (impl.is_at_end) {
      if (is_fresh || impl.ends_with_snapshot) return std::nullopt;
      if (Result<void> refreshed = impl.refresh(); !refreshed) return propagate(refreshed);
      is_fresh = true;
      if (impl.is_at_end) return std::nullopt;
    }
    Result<std::optional<RecordView>> next;
    Result<std::optional<LostRecords>> found;
    const bool is_compared_first = impl.must_compare;
    if (!is_compared_first) {
      next = impl.cursor->next();
      if (next && *next) {
        if (const std::optional<LostRecords> gap = impl.missing_before(**next)) return impl.place_lost(*gap);
        impl.shown((**next).ref);
        return next;
      }
      if (next) {
        impl.is_at_end = true;
        continue;
      }
    }
    if (is_compared_first || (next.error().code == Errc::place_lost && impl.at.last)) {
      found = is_compared_first ? impl.compare_undecided() : impl.find_place();
      if (found && *found) return impl.place_lost(**found);
      if (found) continue;
      next = propagate(found);
    }
    if (next.error().code != Errc::snapshot_expired || tries == max_tries) {
      impl.has_failed = true;
      return next;
    }
    if (Result<void> refreshed = impl.refresh(); !refreshed) return propagate(refreshed);
    impl.begin();
  }
}

const LostRecords& Follower::lost() const noexcept {
  static constexpr LostRecords none{};
  return impl_ ? impl_->lost : none;
}

Result<bool> Follower::wait(std::chrono::milliseconds timeout) {
  if (!impl_) return std::unexpected(moved_from("follow log"));
  if (!impl_->is_at_end) return true;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  const bool is_for_ever = timeout >
                           std::chrono::duration_cast<std::chrono::milliseconds>(Clock::time_point::max() - begin);
  const Clock::time_point end = is_for_ever ? Clock::time_point::max() : begin + timeout;
  for (;;) {
    if (Result<void> refreshed = impl_->refresh(); !refreshed) return propagate(refreshed);
    if (!impl_->is_at_end) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return false;
    if (impl_->changes->pause(std::min(left, impl_->options.poll_interval)) == DirectoryWatch::Ended::interrupted) {
      return false;
    }
  }
}

const std::optional<RecordRef>& Follower::position() const noexcept {
  static constexpr std::optional<RecordRef> none{};
  return impl_ ? impl_->at.last : none;
}

Result<void> Follower::save() {
  if (!impl_) return std::unexpected(moved_from("follow log"));
  if (impl_->options.cursor_file.empty()) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "save position",
                                 .path = impl_->dir,
                                 .detail = "no cursor file was given to this follower"});
  }
  return write_follower_cursor(log::file_system_of(impl_->options.file_system), impl_->options.cursor_file, impl_->at);
}

Result<FollowerLag> Follower::lag() const {
  if (!impl_) return std::unexpected(moved_from("follow log"));
  Impl& impl = *impl_;
  // Counts with a second follower that begins at the same place, so this one keeps its snapshot.
  if (!impl.measuring) {
    Result<RecordLogReader> opened = open_reader(impl.dir, impl.options);
    if (!opened) return propagate(opened);
    impl.measuring.emplace(Follower(std::make_unique<Impl>(std::move(*opened), impl.dir, impl.options, impl.at)));
    impl.measuring->impl_->directory = impl.directory;
  }
  Impl& at_work = *impl.measuring->impl_;
  at_work.at = impl.at;
  at_work.ends_with_snapshot = true;
  if (Result<void> refreshed = at_work.refresh(); !refreshed) return propagate(refreshed);
  at_work.begin();
  FollowerLag lag;
  std::uint64_t from_txid = at_work.position_txid();
  for (;;) {
    const Result<std::optional<RecordView>> next = impl.measuring->next();
    if (!next && next.error().code == Errc::place_lost) {
      if (at_work.lost.cause == LostRecords::Cause::replaced) {  // what it counted may come again
        lag = {};
        from_txid = at_work.position_txid();
      }
      continue;
    }
    if (!next) return propagate(next);
    if (!*next) return lag;
    const RecordRef& ref = (**next).ref;
    ++lag.records;
    lag.bytes += ref.len;
    lag.txids = ref.txid - from_txid;
  }
}

}  // namespace datawal
