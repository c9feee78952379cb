#include <datawal/log_rebuilder.hpp>

#include <span>
#include <string>
#include <utility>

#include <datawal/format.hpp>

#include "base/handle_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/cursor.hpp"
#include "log/write/log_core.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] LogRebuilder::Impl {
  std::unique_ptr<log::LogCore> core{};
  std::optional<RecordRef> last{};
};

namespace {

std::unexpected<Error> refused(const log::LogCore& core, Errc code, std::uint64_t offset, std::string detail) {
  return std::unexpected(Error{.code = code,
                               .action = "append frames",
                               .path = core.directory()->path(),
                               .segment = core.active_segment(),
                               .offset = offset,
                               .detail = std::move(detail)});
}

std::string name_of(const std::optional<RecordRef>& last) {
  return last ? "txid " + std::to_string(last->txid) : std::string("nothing");
}

// The last of these frames; its offset is that in `frames`.
Result<RecordRef> last_of(const log::LogCore& core, std::string_view frames, std::uint64_t txid) {
  RecordRef last{.txid = txid};
  for (std::uint64_t at = 0; at < frames.size(); at += last.len) {
    const format::DecodeOutcome outcome = format::decode_next(frames.substr(static_cast<std::size_t>(at)));
    if (!outcome) {
      const bool is_newer = outcome.stop == format::Stop::unknown_version;
      return refused(core, is_newer ? Errc::unsupported_version : Errc::corruption, at,
                     std::string(format::describe(outcome.stop)));
    }
    if (outcome.record.txid <= last.txid) {
      return refused(core, Errc::invalid_argument, at,
                     "txid " + std::to_string(outcome.record.txid) + " behind txid " + std::to_string(last.txid));
    }
    last = {.offset = at,
            .len = static_cast<std::uint32_t>(outcome.record.len),
            .txid = outcome.record.txid,
            .crc = outcome.record.crc};
  }
  return last;
}

// What recovery passes last.
log::RecoveryVisitor note_last(std::optional<RecordRef>& last) {
  return {.on_records = [&last](std::span<const RecordView> records) { last = records.back().ref; }};
}

}  // namespace

LogRebuilder::LogRebuilder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
LogRebuilder::LogRebuilder(LogRebuilder&&) noexcept = default;
LogRebuilder& LogRebuilder::operator=(LogRebuilder&&) noexcept = default;
LogRebuilder::~LogRebuilder() = default;

Result<LogRebuilder> LogRebuilder::open(const std::filesystem::path& dir, const OpenOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::make_store_directory(
      log::file_system_of(options.file_system), dir, options);
  if (!directory) return propagate(directory);
  OpenOptions as_given = options;
  as_given.max_segment_bytes = 0;
  as_given.write_path = WritePath::append;
  as_given.sync_policy = SyncPolicy::manual();
  auto impl = std::make_unique<Impl>();
  Result<std::unique_ptr<log::LogCore>> core = log::LogCore::open(
      std::make_shared<log::SegmentRegistry>(std::move(*directory)), as_given, note_last(impl->last));
  if (!core) return propagate(core);
  impl->core = std::move(*core);
  // An earlier begin_segment() was cut short.
  if (Result<void> removed = impl->core->remove_empty_sealed(); !removed) return propagate(removed);
  return LogRebuilder(std::move(impl));
}

const std::optional<RecordRef>& LogRebuilder::last() const noexcept {
  static constexpr std::optional<RecordRef> none;
  return impl_ ? impl_->last : none;
}

std::uint32_t LogRebuilder::segment() const noexcept { return impl_ ? impl_->core->active_segment() : 0; }

Result<void> LogRebuilder::begin_segment(std::uint32_t id) {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->rotate_to(id);
}

Result<void> LogRebuilder::append(std::string_view frames, const Before& before) {
  if (!impl_) return std::unexpected(moved_from("use log"));
  if (Result<void> usable = impl_->core->refuse_unusable(); !usable) return usable;
  const std::optional<RecordRef>& last = impl_->last;
  const bool is_next = last ? before.txid == last->txid && before.crc == last->crc : before.txid == 0;
  if (!is_next) {
    return refused(
        *impl_->core, Errc::invalid_argument, 0,
        "they stand behind " + (before.txid == 0 ? std::string("nothing") : "txid " + std::to_string(before.txid)) +
            ", and the log ends with " + name_of(last) + (last && last->txid == before.txid ? ", another record" : ""));
  }
  // Txids that were used and are gone (repair) are not used again.
  Result<RecordRef> newest = last_of(*impl_->core, frames, impl_->core->last_txid());
  if (!newest) return propagate(newest);
  if (frames.empty()) return {};
  const Result<std::uint64_t> offset = impl_->core->append_frames(frames, newest->txid);
  if (!offset) return propagate(offset);
  newest->offset += *offset;
  newest->segment = impl_->core->active_segment();
  impl_->last = *newest;
  return {};
}

Result<void> LogRebuilder::fsync() {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->fsync();
}

const RecoveryReport& LogRebuilder::recovery_report() const noexcept {
  return impl_ ? impl_->core->report() : log::no_report;
}

Result<void> LogRebuilder::close() {
  if (!impl_) return std::unexpected(moved_from("use log"));
  return impl_->core->close();
}

}  // namespace datawal
