#include "log/log_core.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "format/frame.hpp"
#include "format/seam_error.hpp"
#include "log/store_directory.hpp"
#include "log/write_path.hpp"

namespace datawal {

using safeatomic::Directory;

Result<std::unique_ptr<LogCore>> LogCore::open(const std::shared_ptr<Directory>& directory, const OpenOptions& options,
                                               const RecoveryVisitor& visitor) {
  Result<StoreLock> lock = StoreLock::acquire(directory, options.file_mode);
  if (!lock) return propagate(lock);
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

std::unexpected<Error> LogCore::refused_append(std::string detail) const {
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "append record",
                               .path = directory_->path(),
                               .detail = std::move(detail)});
}

Result<void> LogCore::check_record(RecordType type, std::string_view key, std::string_view payload) const {
  if (key.size() > max_key_len) [[unlikely]] {
    return refused_append("the key has " + std::to_string(key.size()) + " bytes, the limit is " +
                          std::to_string(max_key_len));
  }
  if (payload.size() > max_payload_len) [[unlikely]] {
    return refused_append("the payload has " + std::to_string(payload.size()) + " bytes, the limit is " +
                          std::to_string(max_payload_len));
  }
  if (type > RecordType::Delete) [[unlikely]]
    return refused_append("there is no such record type");
  return {};
}

// The first of `count` txids that nobody has yet.
Result<std::uint64_t> LogCore::next_txid(std::uint64_t count) const {
  const std::uint64_t last_txid = last_txid_.load(std::memory_order_relaxed);
  if (count > std::numeric_limits<std::uint64_t>::max() - last_txid) [[unlikely]] {
    return refused_append("the txids are used up");
  }
  return last_txid + 1;
}

// What stands between a log and an append: that it is of no use any more, a full segment, or an undone write whose sync is still
// to come. The turn, if one is needed for that, is kept until the append is over.
Result<void> LogCore::prepare_append(Guard& guard, std::uint64_t len, std::optional<Turn>& turn) {
  if (Result<void> usable = refuse_change(); !usable) return usable;
  take_turn(guard);
  turn.emplace(*this);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  return is_full_for(len) ? rotate_in_turn() : Result<void>();
}

std::unexpected<Error> LogCore::failed_append(Error error) {
  if (writer_->is_broken()) return poison(std::move(error));
  return std::unexpected(std::move(error));
}

void LogCore::appended(std::uint64_t last_txid) {
  last_txid_.store(last_txid, std::memory_order_release);
  constexpr std::uint64_t writeback_after = 32ULL << 20;  // bytes: a tenth of a second for a slow disk
  if (writer_->end() - writeback_end_ >= writeback_after) [[unlikely]]
    start_writeback();
}

Result<RecordRef> LogCore::append(RecordType type, std::string_view key, std::string_view payload) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  if (Result<void> right = check_record(type, key, payload); !right) return propagate(right);
  const std::uint64_t len = format::frame_len(key.size(), payload.size());

  Guard guard(mutex_);
  std::optional<Turn> turn;
  if (!is_ready_for(len)) [[unlikely]] {
    if (Result<void> prepared = prepare_append(guard, len, turn); !prepared) return propagate(prepared);
  }
  const Result<std::uint64_t> txid = next_txid(1);
  if (!txid) return propagate(txid);
  const format::Header header{.type = type,
                              .txid = *txid,
                              .key_len = static_cast<std::uint32_t>(key.size()),
                              .payload_len = static_cast<std::uint32_t>(payload.size())};
  Result<std::uint64_t> offset = writer_->append(header, key, payload);
  if (!offset) [[unlikely]]
    return failed_append(std::move(offset.error()));
  appended(*txid);
  return RecordRef{.segment = active_id_.load(std::memory_order_relaxed),
                   .offset = *offset,
                   .len = static_cast<std::uint32_t>(len),
                   .txid = *txid};
}

Result<void> LogCore::append_batch(std::span<const RecordInput> records, std::vector<RecordRef>& refs) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  refs.clear();
  refs.reserve(records.size());
  std::uint64_t len = 0;
  for (const RecordInput& record : records) {
    if (Result<void> right = check_record(record.type, record.key, record.payload); !right) return right;
    len += format::frame_len(record.key.size(), record.payload.size());
  }

  if (records.empty()) {
    const Guard guard(mutex_);
    return refuse_change();
  }
  Result<RecordRef> first = append_as_one(records, len);
  if (!first) return propagate(first);
  std::uint64_t offset = first->offset;
  for (const RecordInput& record : records) {
    const std::uint64_t frame = format::frame_len(record.key.size(), record.payload.size());
    refs.push_back({.segment = first->segment,
                    .offset = offset,
                    .len = static_cast<std::uint32_t>(frame),
                    .txid = first->txid + refs.size()});
    offset += frame;
  }
  return {};
}

// The place and the txid of the first one; its length is not filled in.
Result<RecordRef> LogCore::append_as_one(std::span<const RecordInput> records, std::uint64_t len) {
  Guard guard(mutex_);
  std::optional<Turn> turn;
  if (!is_ready_for(len)) [[unlikely]] {
    if (Result<void> prepared = prepare_append(guard, len, turn); !prepared) return propagate(prepared);
  }
  const Result<std::uint64_t> txid = next_txid(records.size());
  if (!txid) return propagate(txid);
  const RecordRef first{.segment = active_id_.load(std::memory_order_relaxed), .offset = writer_->end(), .txid = *txid};
  if (Result<std::uint64_t> offset = writer_->append_batch(records, *txid, len); !offset) {
    return failed_append(std::move(offset.error()));
  }
  appended(*txid + records.size() - 1);
  return first;
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
