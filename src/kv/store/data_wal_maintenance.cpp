// Compaction, copies, statistics, export and import.

#include <memory>
#include <string_view>
#include <utility>

#include "kv/compaction/compact.hpp"
#include "kv/compaction/compact_to.hpp"
#include "kv/jsonl/jsonl_export.hpp"
#include "kv/jsonl/jsonl_import.hpp"
#include "kv/projection/stats.hpp"
#include "kv/store/data_wal_impl.hpp"
#include "kv/store/scrub.hpp"
#include "log/directory/holds_file.hpp"
#include "log/maintenance/checkpoint.hpp"
#include "log/maintenance/holds.hpp"

namespace datawal {

Result<void> DataWal::Impl::rotate() {
  const Locked guard(mutex);
  if (Result<void> room = make_room(0, 1); !room) return room;
  Result<void> rotated = core->rotate();
  if (auto_compaction) auto_compaction->look();
  return rotated;
}

Result<CompactionStats> DataWal::compact(const CompactOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  const Result<std::vector<Hold>> holds = log::read_holds(*impl_->core->directory());
  if (!holds) return propagate(holds);
  // A segment that a hold keeps is not sealed for a compaction, which could free nothing of it.
  if (impl_->core->last_txid() <= log::floor_of(*holds)) {
    // On a full disk there is no room for another segment; the sealed ones can be compacted all the same.
    Result<void> rotated = impl_->rotate();
    if (!rotated && rotated.error().code != Errc::no_space) return propagate(rotated);
  }
  const Locked alone(impl_->compacting);
  Result<CompactionStats> done = kv::compact({impl_->core->sealed_segments(), *impl_->projection, impl_->mutex},
                                             options);
  impl_->index->after_compaction(done);
  return done;
}

Result<void> DataWal::save_index() {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return open;
  return impl_->index->save();
}

Result<ScrubReport> DataWal::scrub(const ScrubOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return kv::scrub(impl_->core->directory(), options);
}

Result<CompactionStats> DataWal::compact_to(const std::filesystem::path& dir, const CompactToOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  std::shared_ptr<const log::Snapshot> snapshot;
  Result<kv::LiveView> live = impl_->walk(&snapshot);
  if (!live) return propagate(live);
  {
    const Locked guard(impl_->mutex);
    if (Result<void> said = kv::refuse_raw(*impl_->projection, options); !said) return propagate(said);
  }
  return kv::compact_view(std::move(*live), options, std::move(snapshot), log::LastSegment::published,
                          impl_->file_system(), dir);
}

Result<void> DataWal::hold_from(std::string_view name, std::uint64_t txid) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return datawal::log::hold_from(*impl_->core, name, txid);
}

Result<bool> DataWal::drop_hold(std::string_view name) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return datawal::log::drop_hold(*impl_->core, name);
}

Result<std::vector<Hold>> DataWal::holds() const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return datawal::log::holds_of(*impl_->core);
}

Result<void> DataWal::checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return datawal::log::checkpoint(*impl_->core, dir, options);
}

StoreStats DataWal::stats() const {
  if (!impl_ || impl_->core->is_closed()) return {};
  StoreStats stats;
  {
    const Locked guard(impl_->mutex);
    stats = kv::stats_of(*impl_->projection);
  }
  stats.last_txid = impl_->core->last_txid();
  stats.durable_txid = impl_->core->durable_txid();
  if (impl_->auto_compaction) stats.auto_compact = impl_->auto_compaction->stats();
  if (impl_->scrubbing) stats.scrub = impl_->scrubbing->stats();
  kv::count_quarantine(*impl_->core->directory(), stats);
  kv::count_holds(*impl_->core->directory(), stats);
  return stats;
}

Result<ExportStats> DataWal::export_jsonl(const std::filesystem::path& file, const ExportOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::export_file(std::move(*live), options, impl_->file_system(), file);
}

Result<ExportStats> DataWal::export_jsonl_to(const Sink& sink, const ExportOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::export_lines(std::move(*live), options,
                          [&sink](std::string_view lines) -> Result<bool> { return sink(lines); });
}

Result<ImportStats> DataWal::import_jsonl(const std::filesystem::path& file, const ImportOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return kv::import_file(impl_->file_system(), file, options,
                         [this](std::string_view key, std::string_view value) { return put(key, value); });
}

Result<ImportStats> DataWal::import_jsonl_from(const Source& source, const std::filesystem::path& name,
                                               const ImportOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return kv::import_lines(source, name, 0, options,
                          [this](std::string_view key, std::string_view value) { return put(key, value); });
}

}  // namespace datawal
