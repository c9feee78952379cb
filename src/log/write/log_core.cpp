#include "log/write/log_core.hpp"

#include <cerrno>
#include <new>
#include <utility>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/write/write_path.hpp"

namespace datawal::log {

using safeatomic::Directory;

Result<std::unique_ptr<LogCore>> LogCore::open(std::shared_ptr<SegmentRegistry> segments, const OpenOptions& options,
                                               const RecoveryVisitor& visitor) {
  const std::shared_ptr<Directory>& directory = segments->directory();
  Result<StoreLock> lock = StoreLock::acquire(file_system_of(options.file_system), directory, options.file_mode);
  if (!lock) return propagate(lock);
  if (Result<void> wanted = refuse_mode(*directory, options.mode); !wanted) {
    lock->release();
    return propagate(wanted);
  }
  Result<Recovered> recovered = recover(file_system_of(options.file_system), *segments, options, visitor);
  if (!recovered) {
    lock->release();
    return propagate(recovered);
  }
  std::unique_ptr<LogCore> core(new LogCore(std::move(segments), options, std::move(*lock), std::move(*recovered)));
  if (options.sync_policy.period().count() > 0) {
    Result<std::unique_ptr<BackgroundSync>> background = BackgroundSync::start(
        options.sync_policy.period(),
        [behind = core.get()](BackgroundSync::Reason reason) { behind->sync_in_background(reason); });
    if (!background) return propagate(background);
    const Locked guard(core->mutex_);
    core->background_ = std::move(*background);
  }
  return core;
}

LogCore::LogCore(std::shared_ptr<SegmentRegistry> segments, const OpenOptions& options, StoreLock lock,
                 Recovered recovered)
    : segments_(std::move(segments)),
      options_(options),
      report_(std::move(recovered.report)),
      is_mapped_(takes_mapped_path(*directory(), options.write_path)),
      lock_(std::move(lock)),
      writer_(make_writer(is_mapped_, std::move(recovered.file), recovered.end, options.max_segment_bytes)),
      segment_limit_(options.max_segment_bytes),
      writeback_end_(writer_->end()),
      counted_from_(writer_->end()),
      watermark_(std::move(recovered.watermark)),
      last_txid_(recovered.last_txid),
      durable_txid_(recovered.last_txid) {}

LogCore::~LogCore() {
  if (process_.is_ours()) {
    (void)close();
    return;
  }
  // In a forked child only the descriptors of the lock and of the active segment are closed, unless something else there holds them: the
  // mutex may be locked forever, and the registry half changed.
  BackgroundSync::abandon(std::move(background_));
  (void)state_.release();
  never_destroy(segments_);
}

Error LogCore::closed_error() const {
  return {.code = Errc::closed,
          .action = "use log",
          .path = directory()->path(),
          .detail = process_.is_ours() ? "it was closed" : "it belongs to the process that forked this one"};
}

Result<void> LogCore::refuse_closed() const {
  if (!writer_) return std::unexpected(closed_error());
  return {};
}

Result<void> LogCore::refuse_change() {
  if (!writer_) return std::unexpected(closed_error());
  // An exception, or the end of its thread, left an append half done.
  if (writer_->is_broken()) set_poison("append to segment", 0);
  if (poison_) return std::unexpected(*poison_);
  return {};
}

void LogCore::set_poison(std::string_view action, int os_errno) noexcept {
  if (poison_) return;
  poison_.emplace(Error{.code = Errc::poisoned,
                        .action = action,
                        .segment = active_segment(),
                        .offset = writer_ ? writer_->end() : 0,
                        .os_errno = os_errno});
  poisoned_.store(true, std::memory_order_release);
}

std::unexpected<Error> LogCore::poison(const Error& cause) {
  const bool is_first = !poison_;
  set_poison(cause.action, cause.os_errno);
  if (is_first) {
    poison_->path = cause.path;
    poison_->detail = cause.detail;
  }
  return std::unexpected(*poison_);
}

std::unexpected<Error> LogCore::poison(const safeatomic::Error& cause, std::string_view action) {
  const bool is_first = !poison_;
  set_poison(action, cause.os_errno);
  if (is_first) {
    Error told = error_of(cause, action);
    poison_->path = std::move(told.path);
    poison_->detail = std::move(told.detail);
  }
  return std::unexpected(*poison_);
}

Result<void> LogCore::close() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  std::unique_ptr<BackgroundSync> background;
  {
    const Guard guard(mutex_);
    background = std::move(background_);
  }
  background.reset();  // without the lock, which its last sync may need
  Guard guard(mutex_);
  if (!writer_) return {};
  const Turn turn(*this, guard);
  if (!writer_) return {};  // another thread was closing
  Result<void> closed = close_in_turn(guard);
  closed_.store(true, std::memory_order_release);
  writer_.reset();
  watermark_ = {};
  lock_.release();
  return closed;
}

Result<void> LogCore::cut_reserved_space() {
  Guard guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  const Turn turn(*this, guard);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  return writer_->cut_to_end();
}

// Lack of memory is a failure like others: the rest of closing follows all the same.
Result<void> LogCore::close_in_turn(Guard& guard) {
  try {
    if (Result<void> usable = refuse_change(); !usable) return usable;
    Result<void> closed = writer_->cut_to_end();  // if that fails, zeros stay: no reason not to sync
    if (Result<void> synced = sync_in_turn(guard); !synced) return synced;
    if (Result<void> named = write_state_at_close(); !named) return named;
    return closed;
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{.code = poison_ ? Errc::poisoned : Errc::io,
                                 .action = "close log",
                                 .os_errno = poison_ && poison_->os_errno != 0 ? poison_->os_errno : ENOMEM});
  }
}

Result<LogCore::Active> LogCore::active() const {
  const Locked guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return propagate(usable);
  return Active{.file = writer_->file(), .end = writer_->end()};
}

Result<std::shared_ptr<const Snapshot>> LogCore::snapshot() const {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->directory = directory();
  snapshot->quarantined_previously = report_.quarantined_previously;
  const Locked guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return propagate(usable);
  segments_->add_sealed_to(snapshot->segments);
  PinnedSegment active{.id = active_segment(), .info = segments_->last_info(), .file = writer_->file()};
  active.info.size = writer_->end();
  snapshot->segments.push_back(std::move(active));
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

}  // namespace datawal::log
