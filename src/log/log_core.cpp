#include "log/log_core.hpp"

#include <utility>

#include "log/store_directory.hpp"
#include "log/write_path.hpp"

namespace datawal {

using safeatomic::Directory;

Result<std::unique_ptr<LogCore>> LogCore::open(const std::shared_ptr<Directory>& directory, const OpenOptions& options,
                                               const RecoveryVisitor& visitor) {
  Result<StoreLock> lock = StoreLock::acquire(directory, options.file_mode);
  if (!lock) return propagate(lock);
  if (Result<void> wanted = refuse_mode(*directory, options.mode); !wanted) {
    lock->release();
    return propagate(wanted);
  }
  Result<Recovered> recovered = recover(file_system_of(options.file_system), directory, options, visitor);
  if (!recovered) {
    lock->release();
    return propagate(recovered);
  }
  std::unique_ptr<LogCore> core(new LogCore(directory, options, std::move(*lock), std::move(*recovered)));
  if (options.sync_policy.period().count() > 0) {
    Result<std::unique_ptr<BackgroundSync>> background = BackgroundSync::start(
        options.sync_policy.period(),
        [behind = core.get()](BackgroundSync::Reason reason) { behind->sync_in_background(reason); });
    if (!background) return propagate(background);
    core->background_ = std::move(*background);
  }
  return core;
}

LogCore::LogCore(std::shared_ptr<Directory> directory, const OpenOptions& options, StoreLock lock, Recovered recovered)
    : directory_(std::move(directory)),
      options_(options),
      report_(std::move(recovered.report)),
      is_mapped_(takes_mapped_path(*directory_, options.write_path)),
      lock_(std::move(lock)),
      writer_(make_writer(is_mapped_, std::move(recovered.file), recovered.end, options.max_segment_bytes)),
      active_info_(recovered.active_info),
      sealed_(std::move(recovered.sealed)),
      writeback_end_(writer_->end()),
      counted_from_(writer_->end()),
      watermark_(std::move(recovered.watermark)),
      last_txid_(recovered.last_txid),
      durable_txid_(recovered.last_txid),
      active_id_(recovered.active_id) {
  for (PinnedSegment& segment : sealed_) segment.kept = std::make_shared<KeptFile>();
}

LogCore::~LogCore() {
  // In a forked child the descriptors are closed, and nothing else happens; even the lock may be held for ever there.
  if (process_.is_ours()) {
    (void)close();
  } else {
    BackgroundSync::abandon(std::move(background_));
  }
}

Error LogCore::closed_error() const {
  return {.code = Errc::closed,
          .action = "use log",
          .path = directory_->path(),
          .detail = process_.is_ours() ? "it was closed" : "it belongs to the process that forked this one"};
}

Result<void> LogCore::refuse_closed() const {
  if (!writer_) return std::unexpected(closed_error());
  return {};
}

Result<void> LogCore::refuse_change() const {
  if (!writer_) return std::unexpected(closed_error());
  if (poison_) return std::unexpected(*poison_);
  return {};
}

std::unexpected<Error> LogCore::poison(Error cause) {
  if (!poison_) {
    cause.code = Errc::poisoned;
    cause.segment = active_segment();
    cause.offset = writer_->end();
    poison_ = std::move(cause);
    poisoned_.store(true, std::memory_order_release);
  }
  return std::unexpected(*poison_);
}

Result<void> LogCore::close() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  background_.reset();
  Guard guard(mutex_);
  if (!writer_) return {};
  take_turn(guard);
  const Turn turn(*this);
  Result<void> closed;
  if (poison_) {
    closed = std::unexpected(*poison_);
  } else {
    closed = writer_->cut_to_end();  // where that fails, zeros stay: no reason not to sync
    if (Result<void> synced = sync_in_turn(); !synced) closed = std::move(synced);
  }
  closed_.store(true, std::memory_order_release);
  writer_.reset();
  watermark_ = {};
  lock_.release();
  return closed;
}

Result<LogCore::Active> LogCore::active() const {
  const std::lock_guard guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return propagate(usable);
  return Active{.segment = {.id = active_segment(), .info = active_info_, .file = writer_->file()},
                .end = writer_->end()};
}

PinnedSegment LogCore::active_file() const noexcept {
  const std::lock_guard guard(mutex_);
  PinnedSegment active{.id = active_segment(), .info = active_info_, .file = writer_ ? writer_->file() : nullptr};
  active.info.size = 0;
  return active;
}

PinnedSegment LogCore::last_sealed() const noexcept {
  const std::lock_guard guard(mutex_);
  return sealed_.back();
}

Result<std::shared_ptr<const Snapshot>> LogCore::snapshot() const {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->directory = directory_;
  snapshot->quarantined_previously = report_.quarantined_previously;
  const std::lock_guard guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return propagate(usable);
  snapshot->segments = sealed_;
  PinnedSegment active{.id = active_segment(), .info = active_info_, .file = writer_->file()};
  active.info.size = writer_->end();
  snapshot->segments.push_back(std::move(active));
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

}  // namespace datawal
