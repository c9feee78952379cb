#include <datawal/follower.hpp>

#include <algorithm>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <datawal/record_log_reader.hpp>
#include <safeatomic/safeatomic.hpp>

#include <safeatomic/directory_watch.hpp>
#include "format/seam_error.hpp"
#include "log/follower_cursor.hpp"
#include "log/store_directory.hpp"

namespace datawal {

using safeatomic::DirectoryWatch;

namespace {

// Of records that were shown before they were durable so many are remembered; beyond that, every second one.
constexpr std::size_t max_remembered = 4096;

// A store that is compacted all the time expires one snapshot after the other.
constexpr int max_tries = 100;

Error moved_from() { return {.code = Errc::closed, .action = "follow log", .detail = "this handle was moved from"}; }

}  // namespace

struct [[gnu::visibility("hidden")]] Follower::Impl {
  Impl(RecordLogReader opened, std::filesystem::path where, const FollowerOptions& given)
      : reader(std::move(opened)), dir(std::move(where)), options(given), changes(dir, given.file_system == nullptr) {}

  RecordLogReader reader;
  const std::filesystem::path dir;
  const FollowerOptions options;
  DirectoryWatch changes;
  std::optional<RecordCursor> cursor{};
  std::optional<RecordRef> position{};  // shown last
  std::optional<RecordRef> base{};      // shown, and durable: nothing up to here is ever taken back
  std::deque<RecordRef> undecided{};    // shown behind `base`, ascending
  LostRecords lost{};
  bool is_at_end = false;  // of the snapshot

  void begin_behind(const std::optional<RecordRef>& last) {
    cursor.emplace(last ? reader.records_after(*last) : reader.records());
  }

  Result<void> refresh();
  void shown(const RecordRef& ref);
  void settle_undecided();
  [[nodiscard]] Result<std::optional<LostRecords>> find_place();
  [[nodiscard]] Result<bool> is_not_durable_yet(const RecordRef& last) const;
  [[nodiscard]] LostRecords take_back(std::uint64_t from);
  [[nodiscard]] std::unexpected<Error> place_lost(const LostRecords& what);
};

Result<void> Follower::Impl::refresh() {
  Result<bool> changed = reader.refresh();
  if (!changed) return propagate(changed);
  if (*changed || !is_at_end) {
    begin_behind(position);
    is_at_end = false;
  } else {
    settle_undecided();
  }
  return {};
}

void Follower::Impl::shown(const RecordRef& ref) {
  position = ref;
  if (options.only_durable) {
    base = ref;
    return;
  }
  if (undecided.size() == max_remembered) {
    std::size_t kept = 0;
    for (std::size_t n = 0; n < undecided.size(); n += 2) undecided[kept++] = undecided[n];
    undecided.resize(kept);
  }
  undecided.push_back(ref);
}

// What has become durable meanwhile. Only for a snapshot in which the record at `position` was found: then what was shown before it
// is there too, and a durable txid is about these records and not about others that have their numbers.
void Follower::Impl::settle_undecided() {
  if (undecided.empty()) return;
  const Result<DurableEnd> end = reader.durable_end();
  const std::uint64_t durable = end ? end->txid : 0;  // what cannot be told is not durable
  while (!undecided.empty() && undecided.front().txid <= durable) {
    base = undecided.front();
    undecided.pop_front();
  }
}

// The record that was shown last does not lie where it lay. Looks where the log goes on behind it, and begins there.
Result<std::optional<LostRecords>> Follower::Impl::find_place() {
  const RecordRef last = *position;
  const std::span<const std::uint32_t> ids = reader.segments();
  // A compaction leaves a record in its segment; what lies before that segment is older.
  const auto behind = std::ranges::upper_bound(ids, last.segment);
  cursor.emplace(behind == ids.begin() ? reader.records() : reader.records_from(*std::prev(behind), 0));
  for (;;) {
    Result<std::optional<RecordView>> next = cursor->next();
    if (!next) return propagate(next);
    if (!*next) {
      Result<bool> is_there = is_not_durable_yet(last);
      if (!is_there) return propagate(is_there);
      if (!*is_there) return take_back(last.txid);  // the log ends before it
      is_at_end = true;
      return std::nullopt;
    }
    if ((**next).txid > last.txid) {
      const RecordRef found = (**next).ref;
      const bool is_trimmed = !ids.empty() && ids.front() > last.segment;
      const LostRecords gap{.first_txid = last.txid + 1,
                            .last_txid = found.txid - 1,
                            .cause = is_trimmed ? LostRecords::Cause::trimmed : LostRecords::Cause::compacted};
      cursor.emplace(reader.records_from(found.segment, found.offset));
      if (found.txid == last.txid + 1) return std::nullopt;
      return gap;
    }
    if ((**next).txid < last.txid) continue;
    if ((**next).ref.crc == last.crc && (**next).ref.len == last.len) {
      if (base && *base == last) base = (**next).ref;
      position = (**next).ref;  // moved by a compaction, and the same
      return std::nullopt;
    }
    return take_back(last.txid);
  }
}

// Whether the record that was shown last is there, though what is known to be durable ends before it: a store without a watermark,
// or with one that the loss of power has set back. Then it was not taken back, and its writer will prove it anew.
Result<bool> Follower::Impl::is_not_durable_yet(const RecordRef& last) const {
  if (!options.only_durable) return false;
  Result<RecordLogReader> all = RecordLogReader::open(dir, {.file_system = options.file_system});
  if (!all) return propagate(all);
  const std::span<const std::uint32_t> ids = all->segments();
  const auto behind = std::ranges::upper_bound(ids, last.segment);
  RecordCursor records = behind == ids.begin() ? all->records() : all->records_from(*std::prev(behind), 0);
  for (;;) {
    Result<std::optional<RecordView>> next = records.next();
    if (!next) return propagate(next);
    if (!*next) return false;
    const RecordRef& ref = (**next).ref;
    // Where a compaction has dropped it, what lies behind it tells that the log goes on.
    if (ref.txid >= last.txid) return ref.txid > last.txid || (ref.crc == last.crc && ref.len == last.len);
  }
}

// Everything behind `base` that was shown may be another record now: it is shown again.
LostRecords Follower::Impl::take_back(std::uint64_t last_txid) {
  undecided.clear();
  // If even the base is gone, this is another history than the one that was followed.
  const bool is_base = base && position && *base == *position;
  if (is_base) base.reset();
  position = base;
  begin_behind(position);
  return {.first_txid = base ? base->txid + 1 : 1, .last_txid = last_txid, .cause = LostRecords::Cause::replaced};
}

std::unexpected<Error> Follower::Impl::place_lost(const LostRecords& what) {
  lost = what;
  std::string text = "the records with txids " + std::to_string(what.first_txid) + " to " +
                     std::to_string(what.last_txid);
  switch (what.cause) {
    case LostRecords::Cause::trimmed: text += " were dropped before they were read"; break;
    case LostRecords::Cause::compacted: text += " were compacted before all of them were read"; break;
    case LostRecords::Cause::replaced: text += " were taken back, and what stands there now follows"; break;
  }
  return std::unexpected(
      Error{.code = Errc::place_lost, .action = "follow log", .path = dir, .detail = std::move(text)});
}

Follower::Follower(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Follower::Follower(Follower&&) noexcept = default;
Follower& Follower::operator=(Follower&&) noexcept = default;
Follower::~Follower() = default;

Result<Follower> Follower::open(const std::filesystem::path& dir, const FollowerOptions& options) {
  FollowerCursor cursor{.last = options.after, .base = options.after};
  if (!options.cursor_file.empty()) {
    Result<std::optional<FollowerCursor>> noted = read_follower_cursor(file_system_of(options.file_system),
                                                                       options.cursor_file);
    if (!noted) return propagate(noted);
    if (*noted) cursor = **noted;
  }
  Result<RecordLogReader> reader = RecordLogReader::open(
      dir, {.only_durable = options.only_durable, .file_system = options.file_system});
  if (!reader) return propagate(reader);
  auto impl = std::make_unique<Impl>(std::move(*reader), dir, options);
  impl->position = cursor.last;
  impl->base = cursor.base;
  impl->begin_behind(impl->position);
  return Follower(std::move(impl));
}

Result<std::optional<RecordView>> Follower::next() {
  if (!impl_) return std::unexpected(moved_from());
  Impl& impl = *impl_;
  bool is_fresh = false;  // the snapshot is younger than this call
  for (int tries = 0;; ++tries) {
    if (impl.is_at_end) {
      if (is_fresh) return std::nullopt;
      if (Result<void> refreshed = impl.refresh(); !refreshed) return propagate(refreshed);
      is_fresh = true;
      if (impl.is_at_end) return std::nullopt;
    }
    Result<std::optional<RecordView>> next = impl.cursor->next();
    if (next && *next) {
      impl.shown((**next).ref);
      return next;
    }
    if (next) {
      impl.is_at_end = true;
      impl.settle_undecided();
      continue;
    }
    if (next.error().code == Errc::place_lost && impl.position) {
      Result<std::optional<LostRecords>> found = impl.find_place();
      if (found && *found) return impl.place_lost(**found);
      if (found) continue;
      next = propagate(found);
    }
    if (next.error().code != Errc::snapshot_expired || tries == max_tries) return next;
    if (Result<void> refreshed = impl.refresh(); !refreshed) return propagate(refreshed);
    impl.begin_behind(impl.position);
  }
}

const LostRecords& Follower::lost() const noexcept {
  static constexpr LostRecords none{};
  return impl_ ? impl_->lost : none;
}

Result<bool> Follower::wait(std::chrono::milliseconds timeout) {
  if (!impl_) return std::unexpected(moved_from());
  if (!impl_->is_at_end) return true;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + timeout;
  for (;;) {
    if (Result<void> refreshed = impl_->refresh(); !refreshed) return propagate(refreshed);
    if (!impl_->is_at_end) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return false;
    if (impl_->changes.pause(std::min(left, impl_->options.poll_interval)) == DirectoryWatch::Ended::interrupted) {
      return false;
    }
  }
}

const std::optional<RecordRef>& Follower::position() const noexcept {
  static constexpr std::optional<RecordRef> none{};
  return impl_ ? impl_->position : none;
}

Result<void> Follower::save() {
  if (!impl_) return std::unexpected(moved_from());
  if (impl_->options.cursor_file.empty()) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "save position",
                                 .path = impl_->dir,
                                 .detail = "no cursor file was given to this follower"});
  }
  return write_follower_cursor(file_system_of(impl_->options.file_system), impl_->options.cursor_file,
                               {.last = impl_->position, .base = impl_->base});
}

Result<FollowerLag> Follower::lag() const {
  if (!impl_) return std::unexpected(moved_from());
  Result<DurableEnd> end = impl_->reader.durable_end();
  if (!end) return propagate(end);
  const std::uint64_t at = impl_->position ? impl_->position->txid : 0;
  return FollowerLag{.txids = end->txid > at ? end->txid - at : 0};
}

}  // namespace datawal
