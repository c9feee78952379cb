#include <datawal/record_log_reader.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/handle_error.hpp"
#include "log/directory/holds_file.hpp"
#include "log/directory/store_directory.hpp"
#include "log/maintenance/checkpoint.hpp"
#include "log/read/cursor.hpp"
#include "log/read/durable_end.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"
#include "log/saved/belief.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] RecordLogReader::Impl {
  safeatomic::FileSystem* file_system = nullptr;
  std::shared_ptr<safeatomic::Directory> directory{};
  std::shared_ptr<const log::Snapshot> snapshot{};
  std::vector<std::uint32_t> ids{};
  bool only_durable = false;
  bool uses_state = false;
  mutable std::optional<log::Before> known{};  // what the state says of `snapshot`, and is believed
  mutable bool is_state_looked_at = false;
  mutable std::optional<DurableEnd> durable{};  // of `snapshot` if `is_durable_known`, else of an earlier one
  mutable std::uint64_t durable_inode = 0;
  mutable bool is_durable_known = false;

  void take(std::shared_ptr<const log::Snapshot> taken) {
    snapshot = std::move(taken);
    ids.clear();
    for (const log::PinnedSegment& segment : snapshot->segments) ids.push_back(segment.id);
    is_durable_known = false;
    is_state_looked_at = false;
  }

  // Read only where it would save reading the log. Throws std::bad_alloc.
  [[nodiscard]] const std::optional<log::Before>& known_part() const {
    if (is_state_looked_at || !uses_state) return known;
    known.reset();
    const log::StateLook look = log::look_at_state(*snapshot);
    if (look.log) known = log::before_saved(*look.log);
    is_state_looked_at = true;
    return known;
  }

  [[nodiscard]] Result<DurableEnd> durable_end() const {
    if (is_durable_known) return *durable;
    Result<DurableEnd> end = find_durable_end(*snapshot, durable, durable_inode,
                                              known_part() ? known->last : RecordRef{});
    if (!end) return end;
    durable = *end;
    durable_inode = snapshot->segments.empty() ? 0 : snapshot->segments.back().info.inode;
    is_durable_known = true;
    return end;
  }

  [[nodiscard]] RecordCursor cursor(log::Position from, const std::optional<RecordRef>& skipped = std::nullopt) const {
    std::optional<DurableEnd> limit;
    if (only_durable) {
      Result<DurableEnd> end = durable_end();
      if (!end) return log::failed_cursor(std::move(end.error()));
      limit = *end;
    }
    return make_cursor(snapshot, log::LastSegment::live, from, skipped, limit);
  }
};

namespace {

bool is_damage(const Error& error) noexcept {
  return error.code == Errc::corruption || error.code == Errc::unsupported_version;
}

// Where the cursors of a snapshot end. If none got there yet, this walk does.
// @param known  says what is known of the log's beginning; asked only then
template <class Known>
Result<log::LogEnd> end_of(const std::shared_ptr<const log::Snapshot>& snapshot, Known known) {
  if (snapshot->segments.empty()) return log::LogEnd{};
  if (const std::optional<log::LogEnd> end = snapshot->end.get()) return *end;
  log::Position from{.segment = snapshot->segments.back().id};
  const std::optional<log::Before> before = known();
  const bool goes_on = before && before->last.segment == from.segment;
  if (goes_on) from.offset = before->last.offset + before->last.len;
  log::LogScanner scanner(snapshot, log::LastSegment::live, from);
  if (goes_on) scanner.goes_on_behind(*before);
  RecordView record;
  for (;;) {
    Result<bool> more = scanner.next(record);
    if (!more && !is_damage(more.error())) return propagate(more);
    if (!more || !*more) return snapshot->end.get().value_or(log::LogEnd{});
  }
}

// Where what follows `end` begins in a newer snapshot, nullopt if nothing does. With `end.last` if that can be found, so that it
// can be compared again.
std::optional<log::Position> resumption(const log::Snapshot& now, const log::LogEnd& end) {
  if (end.segment == 0) return log::Position{};
  if (end.last.txid != 0 && now.find(end.last.segment) != nullptr)
    return log::Position{end.last.segment, end.last.offset};
  if (now.find(end.segment) != nullptr) return log::Position{end.segment, end.offset};
  const auto behind = std::ranges::upper_bound(now.segments, end.segment, {}, &log::PinnedSegment::id);
  if (behind == now.segments.end()) return std::nullopt;
  return log::Position{.segment = behind->id};
}

// True if `now` holds a record after the end of the older snapshot `before`, or no longer what that one showed last.
Result<bool> holds_more(const std::shared_ptr<const log::Snapshot>& now, const log::Snapshot& before,
                        const log::LogEnd& end) {
  const log::PinnedSegment* then = before.find(end.segment);
  const log::PinnedSegment* same = now->find(end.segment);
  const bool rewritten = then != nullptr && same != nullptr &&
                         (same->info.inode != then->info.inode || same->info.device != then->info.device);
  if (rewritten) return true;
  const std::optional<log::Position> from = resumption(*now, end);
  if (!from) return false;
  log::LogScanner scanner(now, log::LastSegment::live, *from);
  RecordView record;
  if (end.last.txid != 0 && from->segment == end.last.segment && from->offset == end.last.offset) {
    Result<bool> seen = scanner.next(record);
    if (!seen && !is_damage(seen.error()) && seen.error().code != Errc::place_lost) return propagate(seen);
    if (!seen || !*seen || record.ref != end.last) return true;
    scanner.began_at(log::Start::proven);
    now->known = end.last;
  }
  Result<bool> more = scanner.next(record);
  if (more || !is_damage(more.error())) return more;
  // New damage counts as news: the reader's cursor will report it.
  const log::Position at = scanner.position();
  return !end.is_damage || at.segment != end.segment || at.offset != end.offset;
}

}  // namespace

RecordLogReader::RecordLogReader(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RecordLogReader::RecordLogReader(RecordLogReader&&) noexcept = default;
RecordLogReader& RecordLogReader::operator=(RecordLogReader&&) noexcept = default;
RecordLogReader::~RecordLogReader() = default;

Result<RecordLogReader> RecordLogReader::open(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  auto impl = std::make_unique<Impl>();
  impl->file_system = &log::file_system_of(options.file_system);
  impl->directory = std::move(*directory);
  impl->only_durable = options.only_durable;
  impl->uses_state = options.uses_state;
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(impl->directory, nullptr);
  if (!snapshot) return propagate(snapshot);
  impl->take(std::move(*snapshot));
  return RecordLogReader(std::move(impl));
}

Result<DurableEnd> RecordLogReader::durable_end() const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return impl_->durable_end();
}

std::span<const std::uint32_t> RecordLogReader::segments() const noexcept {
  return impl_ ? std::span<const std::uint32_t>(impl_->ids) : std::span<const std::uint32_t>();
}

RecordCursor RecordLogReader::records() const {
  if (!impl_) return log::failed_cursor(moved_from("use reader"));
  return impl_->cursor({});
}

RecordCursor RecordLogReader::records_from(std::uint32_t segment, std::uint64_t offset) const {
  if (!impl_) return log::failed_cursor(moved_from("use reader"));
  return impl_->cursor({.segment = segment, .offset = offset});
}

RecordCursor RecordLogReader::records_after(const RecordRef& last) const {
  if (!impl_) return log::failed_cursor(moved_from("use reader"));
  return impl_->cursor({.segment = last.segment, .offset = last.offset}, last);
}

Result<bool> RecordLogReader::refresh() {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  const std::shared_ptr<const log::Snapshot> before = impl_->snapshot;
  if (impl_->only_durable) {
    const Result<DurableEnd> then = impl_->durable_end();
    if (!then) return propagate(then);
    Result<std::shared_ptr<const log::Snapshot>> now = take_snapshot(impl_->directory, before.get());
    if (!now) return propagate(now);
    impl_->take(std::move(*now));
    const Result<DurableEnd> durable = impl_->durable_end();
    if (!durable) return propagate(durable);
    return *durable != *then;
  }
  Result<log::LogEnd> end = end_of(before, [this] { return impl_->known_part(); });
  if (!end) return propagate(end);
  Result<std::shared_ptr<const log::Snapshot>> now = take_snapshot(impl_->directory, before.get());
  if (!now) return propagate(now);
  impl_->take(*now);
  return holds_more(*now, *before, *end);
}

Result<void> RecordLogReader::checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return datawal::log::checkpoint(*impl_->file_system, impl_->snapshot, dir, options);
}

Result<std::vector<Hold>> RecordLogReader::holds() const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return log::read_holds(*impl_->directory);
}

Result<bool> RecordLogReader::writer_lives() const {
  if (!impl_) return std::unexpected(moved_from("use reader"));
  return datawal::log::writer_lives(*impl_->directory);
}

}  // namespace datawal
