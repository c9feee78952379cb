#include <datawal/record_log.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/handle_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/handle/record_log_impl.hpp"
#include "log/maintenance/checkpoint.hpp"
#include "log/maintenance/holds.hpp"
#include "log/maintenance/retention.hpp"
#include "log/read/cursor.hpp"
#include "log/recovery/state_opening.hpp"

namespace datawal {

RecordLog::RecordLog(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RecordLog::RecordLog(RecordLog&&) noexcept = default;
RecordLog& RecordLog::operator=(RecordLog&&) noexcept = default;
RecordLog::~RecordLog() = default;

Result<RecordLog> RecordLog::open(const std::filesystem::path& dir, const OpenOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::make_store_directory(
      log::file_system_of(options.file_system), dir, options);
  if (!directory) return propagate(directory);
  const auto segments = std::make_shared<log::SegmentRegistry>(std::move(*directory));
  log::StateOpening opening(segments, options);
  Result<std::unique_ptr<log::LogCore>> core = log::LogCore::open(segments, options, opening.visitor());
  if (!core) return propagate(core);
  (*core)->keep_state(opening.known());
  return RecordLog(std::make_unique<Impl>(std::move(*core)));
}

Result<RecordRef> RecordLog::append(std::string_view payload, const WriteOptions& options) {
  return append_record(RecordType::Raw, {}, payload, options);
}

Result<RecordRef> RecordLog::append_record(RecordType type, std::string_view key, std::string_view payload,
                                           const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use log"));
  Result<RecordRef> ref = impl_->core->append(type, key, payload);
  if (!ref) return ref;
  if (Result<void> settled = impl_->core->sync_if_required(options, ref->txid); !settled) return propagate(settled);
  return ref;
}

Result<std::vector<RecordRef>> RecordLog::append_batch(std::span<const RecordInput> records,
                                                       const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use log"));
  std::vector<RecordRef> refs;
  if (Result<void> appended = impl_->core->append_batch(records, refs); !appended) return propagate(appended);
  if (refs.empty()) return refs;
  if (Result<void> settled = impl_->core->sync_if_required(options, refs.back().txid); !settled)
    return propagate(settled);
  return refs;
}

Result<void> RecordLog::fsync() {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->fsync();
}

Result<void> RecordLog::rotate() {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->rotate();
}

Result<void> RecordLog::save_state() {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->save_state();
}

Result<void> RecordLog::close() {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->close();
}

RecordCursor RecordLog::records() const {
  if (!impl_) return log::failed_cursor(moved_from("use log"));
  Result<std::shared_ptr<const log::Snapshot>> snapshot = impl_->core->snapshot();
  if (!snapshot) return log::failed_cursor(std::move(snapshot.error()));
  return make_cursor(std::move(*snapshot), log::LastSegment::published);
}

Result<std::vector<Record>> RecordLog::scan() const {
  std::vector<Record> all;
  RecordCursor cursor = records();
  for (;;) {
    Result<std::optional<RecordView>> next = cursor.next();
    if (!next) return propagate(next);
    if (!*next) return all;
    const RecordView& view = **next;
    all.push_back({.type = view.type,
                   .txid = view.txid,
                   .key = std::string(view.key),
                   .payload = std::string(view.payload),
                   .ref = view.ref});
  }
}

Result<Record> RecordLog::read(const RecordRef& ref) const {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->read(ref);
}

Result<LogStats> RecordLog::stats() const {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return stats_of(*impl_->core);
}

Result<void> RecordLog::drop_segments_before(std::uint32_t id, const DropOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return datawal::log::drop_segments_before(*impl_->core, id, options);
}

Result<void> RecordLog::hold_from(std::string_view name, std::uint64_t txid) {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return datawal::log::hold_from(*impl_->core, name, txid);
}

Result<bool> RecordLog::drop_hold(std::string_view name) {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return datawal::log::drop_hold(*impl_->core, name);
}

Result<std::vector<Hold>> RecordLog::holds() const {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return datawal::log::holds_of(*impl_->core);
}

Result<void> RecordLog::checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return datawal::log::checkpoint(*impl_->core, dir, options);
}

const RecoveryReport& RecordLog::recovery_report() const noexcept {
  return impl_ ? impl_->core->report() : log::no_report;
}
std::uint64_t RecordLog::last_txid() const noexcept { return impl_ ? impl_->core->last_txid() : 0; }
std::uint64_t RecordLog::durable_txid() const noexcept { return impl_ ? impl_->core->durable_txid() : 0; }
std::uint32_t RecordLog::active_segment() const noexcept { return impl_ ? impl_->core->active_segment() : 0; }
bool RecordLog::is_poisoned() const noexcept { return impl_ && impl_->core->is_poisoned(); }

}  // namespace datawal
