#include <datawal/record_log.hpp>

#include <string>
#include <utility>

#include "log/directory/store_directory.hpp"
#include "log/handle/record_log_impl.hpp"
#include "log/read/cursor.hpp"

namespace datawal {

Error RecordLog::Impl::moved_from() {
  return {.code = Errc::closed, .action = "use log", .detail = "this handle was moved from"};
}

RecordLog::RecordLog(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RecordLog::RecordLog(RecordLog&&) noexcept = default;
RecordLog& RecordLog::operator=(RecordLog&&) noexcept = default;
RecordLog::~RecordLog() = default;

Result<RecordLog> RecordLog::open(const std::filesystem::path& dir, const OpenOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::make_store_directory(
      log::file_system_of(options.file_system), dir, options);
  if (!directory) return propagate(directory);
  Result<std::unique_ptr<log::LogCore>> core = log::LogCore::open(std::move(*directory), options, {});
  if (!core) return propagate(core);
  return RecordLog(std::make_unique<Impl>(std::move(*core)));
}

Result<RecordRef> RecordLog::append(std::string_view payload, const WriteOptions& options) {
  return append_record(RecordType::Raw, {}, payload, options);
}

Result<RecordRef> RecordLog::append_record(RecordType type, std::string_view key, std::string_view payload,
                                           const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Result<RecordRef> ref = impl_->core->append(type, key, payload);
  if (!ref) return ref;
  if (Result<void> settled = impl_->core->sync_if_required(options, ref->txid); !settled) return propagate(settled);
  return ref;
}

Result<void> RecordLog::fsync() {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->core->fsync();
}

Result<void> RecordLog::rotate() {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->core->rotate();
}

Result<void> RecordLog::close() {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->core->close();
}

RecordCursor RecordLog::records() const {
  if (!impl_) return log::failed_cursor(Impl::moved_from());
  Result<std::shared_ptr<const log::Snapshot>> snapshot = impl_->core->snapshot();
  if (!snapshot) return log::failed_cursor(std::move(snapshot.error()));
  return make_cursor(std::move(*snapshot), log::LastSegment::published);
}

const RecoveryReport& RecordLog::recovery_report() const noexcept {
  return impl_ ? impl_->core->report() : log::no_report;
}
std::uint64_t RecordLog::last_txid() const noexcept { return impl_ ? impl_->core->last_txid() : 0; }
std::uint64_t RecordLog::durable_txid() const noexcept { return impl_ ? impl_->core->durable_txid() : 0; }
std::uint32_t RecordLog::active_segment() const noexcept { return impl_ ? impl_->core->active_segment() : 0; }
bool RecordLog::is_poisoned() const noexcept { return impl_ && impl_->core->is_poisoned(); }

}  // namespace datawal
