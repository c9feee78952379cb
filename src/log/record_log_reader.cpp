#include <datawal/record_log_reader.hpp>

#include <utility>
#include <vector>

#include "log/cursor.hpp"
#include "log/snapshot.hpp"
#include "log/store_directory.hpp"
#include "log/walk.hpp"

namespace datawal {

struct RecordLogReader::Impl {
  std::shared_ptr<safeatomic::Directory> directory{};
  std::shared_ptr<const Snapshot> snapshot{};
  std::vector<std::uint32_t> ids{};

  void take(std::shared_ptr<const Snapshot> taken) {
    snapshot = std::move(taken);
    ids.clear();
    for (const PinnedSegment& segment : snapshot->segments) ids.push_back(segment.id);
  }
};

namespace {

Error moved_from() {
  return {.code = Errc::closed, .action = "use reader", .detail = "this handle was moved from"};
}

// Where the last segment of a snapshot ends for a reader now.
Result<std::uint64_t> end_of_last(const std::shared_ptr<const Snapshot>& snapshot) {
  Walk walk(snapshot, LastSegment::live, {.segment = snapshot->segments.back().id});
  RecordView record;
  for (;;) {
    Result<bool> more = walk.next(record);
    if (!more && more.error().code != Errc::corruption && more.error().code != Errc::unsupported_version) {
      return propagate(more);
    }
    if (!more) return walk.position().offset;  // what lies behind the damage does not count
    if (!*more) return walk.end().valid_end;
  }
}

// Whether `now` holds a record behind `end` bytes of what was the last segment of an older snapshot.
Result<bool> holds_more(const std::shared_ptr<const Snapshot>& now, const PinnedSegment& last, std::uint64_t end) {
  if (now->segments.empty()) return false;
  const PinnedSegment* same = now->find(last.id);
  const bool continues = same != nullptr && same->info.inode == last.info.inode && same->info.device == last.info.device;
  if (!continues && same != nullptr) return true;  // rewritten: its reader has to look again
  Position from{.segment = last.id, .offset = end};
  if (same == nullptr) {
    from = {};
    for (const PinnedSegment& segment : now->segments) {
      if (segment.id > last.id && from.segment == 0) from.segment = segment.id;
    }
    if (from.segment == 0) return false;
  }
  Walk walk(now, LastSegment::live, from);
  RecordView record;
  Result<bool> more = walk.next(record);
  // Damage is something that the reader has not seen either: its cursor will tell.
  if (!more && (more.error().code == Errc::corruption || more.error().code == Errc::unsupported_version)) return true;
  return more;
}

}  // namespace

RecordLogReader::RecordLogReader(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RecordLogReader::RecordLogReader(RecordLogReader&&) noexcept = default;
RecordLogReader& RecordLogReader::operator=(RecordLogReader&&) noexcept = default;
RecordLogReader::~RecordLogReader() = default;

Result<RecordLogReader> RecordLogReader::open(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory =
      open_store_directory(file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  auto impl = std::make_unique<Impl>();
  impl->directory = std::move(*directory);
  Result<std::shared_ptr<const Snapshot>> snapshot = take_snapshot(impl->directory, nullptr);
  if (!snapshot) return propagate(snapshot);
  impl->take(std::move(*snapshot));
  return RecordLogReader(std::move(impl));
}

std::span<const std::uint32_t> RecordLogReader::segments() const noexcept {
  return impl_ ? std::span<const std::uint32_t>(impl_->ids) : std::span<const std::uint32_t>();
}

RecordCursor RecordLogReader::records() const {
  if (!impl_) return failed_cursor(moved_from());
  return make_cursor(impl_->snapshot, LastSegment::live);
}

RecordCursor RecordLogReader::records_from(std::uint32_t segment, std::uint64_t offset) const {
  if (!impl_) return failed_cursor(moved_from());
  return make_cursor(impl_->snapshot, LastSegment::live, {.segment = segment, .offset = offset});
}

RecordCursor RecordLogReader::records_after(const RecordRef& last) const {
  if (!impl_) return failed_cursor(moved_from());
  return make_cursor(impl_->snapshot, LastSegment::live, {.segment = last.segment, .offset = last.offset}, last);
}

Result<bool> RecordLogReader::refresh() {
  if (!impl_) return std::unexpected(moved_from());
  const std::shared_ptr<const Snapshot> before = impl_->snapshot;
  std::uint64_t end = 0;
  if (!before->segments.empty()) {
    Result<std::uint64_t> last = end_of_last(before);
    if (!last) return propagate(last);
    end = *last;
  }
  Result<std::shared_ptr<const Snapshot>> now = take_snapshot(impl_->directory, before.get());
  if (!now) return propagate(now);
  impl_->take(*now);
  if (before->segments.empty()) return !(*now)->segments.empty();
  return holds_more(*now, before->segments.back(), end);
}

Result<bool> RecordLogReader::writer_lives() const {
  if (!impl_) return std::unexpected(moved_from());
  return datawal::writer_lives(*impl_->directory);
}

}  // namespace datawal
