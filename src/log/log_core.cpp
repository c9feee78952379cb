#include "log/log_core.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include <datawal/segment.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"
#include "log/store_directory.hpp"

namespace datawal {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileSystem;

Result<std::unique_ptr<LogCore>> LogCore::open(const std::shared_ptr<Directory>& directory, const OpenOptions& options,
                                               const RecoveryVisitor& visitor) {
  Result<StoreLock> lock = StoreLock::acquire(directory, options.file_mode);
  if (!lock) return propagate(lock);
  Result<Recovered> recovered = recover(file_system_of(options.file_system), directory, options, visitor);
  if (!recovered) {
    lock->release();
    return propagate(recovered);
  }
  return std::unique_ptr<LogCore>(new LogCore(directory, options, std::move(*lock), std::move(*recovered)));
}

LogCore::LogCore(std::shared_ptr<Directory> directory, const OpenOptions& options, StoreLock lock, Recovered recovered)
    : directory_(std::move(directory)),
      options_(options),
      report_(std::move(recovered.report)),
      lock_(std::move(lock)),
      writer_(std::move(recovered.writer)),
      active_info_(recovered.active_info),
      sealed_(std::move(recovered.sealed)),
      watermark_(std::move(recovered.watermark)),
      synced_end_(writer_->end()),
      last_txid_(recovered.last_txid),
      durable_txid_(recovered.last_txid),
      active_id_(recovered.active_id) {
  for (PinnedSegment& segment : sealed_) segment.kept = std::make_shared<KeptFile>();
}

LogCore::~LogCore() {
  // In a forked child the descriptors are closed, and nothing else happens; even the mutex may be held for ever there.
  if (process_.is_ours()) (void)close();
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

Result<RecordRef> LogCore::append(RecordType type, std::string_view key, std::string_view payload,
                                  const WriteOptions& options) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  const auto refuse = [&](std::string detail) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "append record",
                                 .path = directory_->path(),
                                 .detail = std::move(detail)});
  };
  if (key.size() > max_key_len) {
    return refuse("the key has " + std::to_string(key.size()) + " bytes, the limit is " + std::to_string(max_key_len));
  }
  if (payload.size() > max_payload_len) {
    return refuse("the payload has " + std::to_string(payload.size()) + " bytes, the limit is " +
                  std::to_string(max_payload_len));
  }
  if (type > RecordType::Delete) return refuse("there is no such record type");

  const std::lock_guard guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return propagate(usable);
  const std::uint64_t last_txid = last_txid_.load(std::memory_order_relaxed);
  if (last_txid == std::numeric_limits<std::uint64_t>::max()) return refuse("the txids are used up");
  const format::Header header{.type = type,
                              .txid = last_txid + 1,
                              .key_len = static_cast<std::uint32_t>(key.size()),
                              .payload_len = static_cast<std::uint32_t>(payload.size())};
  const std::uint64_t len = format::frame_len(header);
  if (options_.max_segment_bytes != 0 && writer_->end() + len > options_.max_segment_bytes) {
    if (Result<void> rotated = rotate_locked(); !rotated) return propagate(rotated);
  }
  Result<std::uint64_t> offset = writer_->append(header, key, payload);
  if (!offset) {
    if (writer_->is_broken()) return poison(std::move(offset.error()));
    return propagate(offset);
  }
  last_txid_.store(header.txid, std::memory_order_release);
  if (options.sync || options_.sync_policy == SyncPolicy::every_append) {
    if (Result<void> synced = sync_locked(); !synced) return propagate(synced);
  }
  return RecordRef{.segment = active_id_.load(std::memory_order_relaxed),
                   .offset = *offset,
                   .len = static_cast<std::uint32_t>(len),
                   .txid = header.txid};
}

Result<void> LogCore::fsync() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  const std::lock_guard guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  return sync_locked();
}

Result<void> LogCore::sync_locked() {
  const std::uint64_t end = writer_->end();
  if (end == synced_end_ && !writer_->has_unsynced_rollback()) return {};
  // A second try could succeed over pages that the kernel has dropped, so the first failure is the last.
  if (Result<void> synced = writer_->sync(); !synced) return poison(std::move(synced.error()));
  synced_end_ = end;
  const std::uint64_t txid = last_txid_.load(std::memory_order_relaxed);
  durable_txid_.store(txid, std::memory_order_release);
  watermark_.write({.segment = active_segment(), .inode = active_info_.inode, .offset = end, .txid = txid});
  return {};
}

Result<void> LogCore::rotate() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  const std::lock_guard guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  return rotate_locked();
}

Result<void> LogCore::rotate_locked() {
  if (writer_->end() == 0) return {};
  const std::uint32_t id = active_segment();
  if (id >= segment::max_id) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "rotate log",
                                 .path = directory_->path(),
                                 .segment = id,
                                 .detail = "the segment ids are used up"});
  }
  if (Result<void> synced = sync_locked(); !synced) return synced;
  const safeatomic::Result<safeatomic::FileInfo> sealed = writer_->file()->info();
  if (!sealed) return format::lift(sealed, "inspect segment");
  safeatomic::Result<std::unique_ptr<File>> file = directory_->open_file(
      segment::filename(id + 1), {.write = true, .create = true, .exclusive = true, .mode = options_.file_mode});
  if (!file) {
    // A file of that name, whoever made it, is the active segment at the next opening, and this one a sealed one in which a
    // torn tail is damage: nothing may be appended to it any more.
    const safeatomic::Result<safeatomic::FileInfo> there = directory_->info_of(segment::filename(id + 1));
    const bool is_absent = !there && there.error().code == safeatomic::Errc::not_found;
    if (!is_absent) return poison(format::from_seam(file.error(), "create segment"));
    return format::lift(file, "create segment");
  }
  const safeatomic::Result<safeatomic::FileInfo> created = (*file)->info();
  if (!created) return poison(format::from_seam(created.error(), "inspect segment"));
  if (safeatomic::Result<void> synced = directory_->sync(); !synced) {
    return poison(format::from_seam(synced.error(), "sync directory"));
  }
  sealed_.push_back({.id = id, .info = *sealed, .kept = std::make_shared<KeptFile>()});
  writer_ = std::make_shared<segment::Writer>(std::move(*file), 0);
  active_info_ = *created;
  active_id_.store(id + 1, std::memory_order_release);
  synced_end_ = 0;
  watermark_.write({.segment = id + 1, .inode = active_info_.inode, .offset = 0, .txid = last_txid()});
  return {};
}

Result<void> LogCore::close() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  const std::lock_guard guard(mutex_);
  if (!writer_) return {};
  Result<void> closed;
  if (poison_) {
    closed = std::unexpected(*poison_);
  } else {
    closed = sync_locked();
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

PinnedSegment LogCore::last_sealed() const {
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
