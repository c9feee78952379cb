#include <datawal/data_wal.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

#include "kv/auto_compact.hpp"
#include "kv/compact.hpp"
#include "kv/compact_to.hpp"
#include "kv/jsonl_export.hpp"
#include "kv/jsonl_import.hpp"
#include "kv/live_view.hpp"
#include "kv/projection.hpp"
#include "kv/replay.hpp"
#include "kv/same_keys.hpp"
#include "kv/stats.hpp"
#include "log/checkpoint.hpp"
#include "log/log_core.hpp"
#include "log/process_mark.hpp"
#include "log/record_log_impl.hpp"
#include "log/store_directory.hpp"
#include "log/word_lock.hpp"

namespace datawal {

namespace {

// A mapping that long shows what is appended without being made anew; a record behind it is read by `pread` until its
// segment is sealed. Address space only: nothing is reserved.
constexpr std::uint64_t room_without_limit = 1ULL << 30;

// More than any file becomes; what is not used is given back when the segment is sealed.
constexpr std::uint64_t positions_without_limit = 1ULL << 44;

kv::SegmentRoom room_of(const OpenOptions& options) noexcept {
  if (options.max_segment_bytes == 0) return {.positions = positions_without_limit, .mapped = room_without_limit};
  const std::uint64_t mapped = std::min(options.max_segment_bytes, positions_without_limit);
  return {.positions = std::max(mapped, format::max_frame_len), .mapped = mapped};
}

Error moved_from() { return {.code = Errc::closed, .action = "use store", .detail = "this handle was moved from"}; }

}  // namespace

struct [[gnu::visibility("hidden")]] DataWal::Impl {
  std::unique_ptr<kv::Projection> projection{};
  LogCore* core = nullptr;  // owned by `log`
  RecordLog log;
  OpenOptions options{};
  std::mutex compacting{};   // one compaction at a time
  mutable WordLock mutex{};  // one change at a time: the order of the log is the order of the projection
  std::unique_ptr<kv::AutoCompaction> auto_compaction{};  // null: not wanted
  ProcessMark process{};

  ~Impl() {
    // A forked child has no such thread, and would wait for it for ever.
    if (!process.is_ours()) (void)auto_compaction.release();
  }

  [[nodiscard]] Result<void> change(RecordType type, std::string_view key, std::string_view value,
                                    const WriteOptions& how);
  [[nodiscard]] Result<void> write(std::span<const RecordInput> records, const WriteOptions& how);
  [[nodiscard]] Result<void> follow(const RecordRef& last);
  [[nodiscard]] Result<void> follow_rotation();
  [[nodiscard]] Result<void> rotate();
  [[nodiscard]] Result<kv::LiveView> view(std::shared_ptr<const Snapshot>* snapshot = nullptr) const;
  [[nodiscard]] Result<void> refuse_closed() const;
  [[nodiscard]] safeatomic::FileSystem& file_system() const noexcept { return file_system_of(options.file_system); }
};

DataWal::DataWal(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DataWal::DataWal(DataWal&&) noexcept = default;
DataWal& DataWal::operator=(DataWal&&) noexcept = default;
DataWal::~DataWal() = default;

Result<DataWal> DataWal::open(const std::filesystem::path& dir, const OpenOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> made = make_store_directory(file_system_of(options.file_system), dir,
                                                                             options);
  if (!made) return propagate(made);
  const std::shared_ptr<safeatomic::Directory> directory = std::move(*made);
  auto projection = std::make_unique<kv::Projection>(directory, options.read_path);
  kv::Replay replay(*projection, options.open_threads);
  Result<std::unique_ptr<LogCore>> core = LogCore::open(directory, options, replay.visitor());
  if (!core) return propagate(core);
  LogCore* const behind = core->get();
  std::unique_ptr<Impl> impl(
      new Impl{.core = behind, .log = RecordLogAccess::wrap(std::move(*core)), .options = options});

  // Only now is it certain which file is appended to: recovery may have put a copy in its place, or made the first one.
  Result<LogCore::Active> active = behind->active();
  if (!active) return propagate(active);
  kv::RecordSpace& space = projection->space();
  if (space.last_id() != active->segment.id) {
    PinnedSegment empty = active->segment;
    empty.info.size = 0;
    if (Result<void> added = space.add(empty, *empty.file); !added) return propagate(added);
  }
  space.reopen_last(active->segment, room_of(options));
  space.extend_last(active->end);
  impl->projection = std::move(projection);
  if (options.auto_compact.is_enabled) {
    const kv::CompactionSite site{*impl->core, *impl->projection, impl->mutex};
    impl->auto_compaction = std::make_unique<kv::AutoCompaction>(site, impl->compacting, options.auto_compact);
  }
  return DataWal(std::move(impl));
}

Result<void> DataWal::Impl::refuse_closed() const {
  if (!core->is_closed()) return {};
  return std::unexpected(Error{.code = Errc::closed,
                               .action = "use store",
                               .detail = "it was closed, or belongs to the process that forked this one"});
}

Result<void> DataWal::Impl::change(RecordType type, std::string_view key, std::string_view value,
                                   const WriteOptions& how) {
  if (Result<void> open = refuse_closed(); !open) return open;
  const std::uint64_t hash = projection->hash_of(key);
  projection->prefetch_for_change(hash);
  std::uint64_t txid = 0;
  {
    const std::lock_guard guard(mutex);
    projection->reserve();  // what can fail for lack of memory does so before anything is written
    Result<kv::Projection::Change> prepared = projection->prepare(key, hash);
    if (!prepared) return propagate(prepared);
    Result<RecordRef> ref = core->append(type, key, value);
    if (!ref) return propagate(ref);
    if (Result<void> followed = follow(*ref); !followed) return followed;
    projection->apply(*prepared, type, *ref);
    txid = ref->txid;
  }
  return core->settle(how, txid);
}

Result<void> DataWal::Impl::write(std::span<const RecordInput> records, const WriteOptions& how) {
  if (Result<void> open = refuse_closed(); !open) return open;
  if (records.empty()) return {};
  std::vector<kv::Projection::Change> changes(records.size());
  std::vector<std::uint64_t> hashes;
  hashes.reserve(records.size());
  for (const RecordInput& record : records) hashes.push_back(projection->hash_of(record.key));
  std::vector<RecordRef> refs;
  {
    const std::lock_guard guard(mutex);
    projection->reserve(records.size());
    constexpr std::size_t ahead = kv::Projection::fetched_ahead;
    for (std::size_t n = 0; n < std::min(ahead, hashes.size()); ++n) projection->prefetch_for_change(hashes[n]);
    for (std::size_t n = 0; n < records.size(); ++n) {
      if (n + ahead < hashes.size()) projection->prefetch_for_change(hashes[n + ahead]);
      Result<kv::Projection::Change> prepared = projection->prepare(records[n].key, hashes[n]);
      if (!prepared) return propagate(prepared);
      changes[n] = *prepared;
    }
    const std::vector<std::size_t> before = kv::predecessors(records, hashes);
    if (Result<void> appended = core->append_batch(records, refs); !appended) return appended;
    if (Result<void> followed = follow(refs.back()); !followed) return followed;
    for (std::size_t n = 0; n < records.size(); ++n) {
      if (const std::size_t earlier = before[n]; earlier != kv::no_predecessor) {
        projection->replaces(changes[n], records[earlier].type, refs[earlier]);
      }
      projection->apply(changes[n], records[n].type, refs[n]);
    }
  }
  return core->settle(how, refs.back().txid);
}

// Everything up to the record `last` was appended.
Result<void> DataWal::Impl::follow(const RecordRef& last) {
  if (last.segment != projection->space().last_id()) {
    if (Result<void> followed = follow_rotation(); !followed) return followed;
  }
  projection->space().extend_last(last.offset + last.len);
  return {};
}

// The log has gone on to a new segment: it becomes the last one of the space.
Result<void> DataWal::Impl::follow_rotation() {
  kv::RecordSpace& space = projection->space();
  Result<LogCore::Active> active = core->active();
  if (!active) return propagate(active);
  if (auto_compaction) auto_compaction->look();
  space.seal_last(core->last_sealed());
  PinnedSegment empty = active->segment;
  empty.info.size = 0;
  return space.add(empty, *empty.file, room_of(options));
}

Result<void> DataWal::Impl::rotate() {
  const std::lock_guard guard(mutex);
  if (Result<void> rotated = core->rotate(); !rotated) return rotated;
  return core->active_segment() == projection->space().last_id() ? Result<void>{} : follow_rotation();
}

Result<kv::LiveView> DataWal::Impl::view(std::shared_ptr<const Snapshot>* snapshot) const {
  if (Result<void> open = refuse_closed(); !open) return propagate(open);
  const std::lock_guard guard(mutex);
  if (snapshot != nullptr) {
    Result<std::shared_ptr<const Snapshot>> now = core->snapshot();
    if (!now) return propagate(now);
    *snapshot = std::move(*now);
  }
  return kv::LiveView{.space = kv::PinnedSpace(projection->space()),
                      .positions = projection->live_positions(),
                      .bytes = projection->counts().live_bytes};
}

Result<void> DataWal::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from());
  return impl_->change(RecordType::Put, key, value, options);
}

Result<void> DataWal::erase(std::string_view key, const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from());
  return impl_->change(RecordType::Delete, key, {}, options);
}

Result<void> DataWal::write(const Batch& batch, const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from());
  return impl_->write(batch.records(), options);
}

Result<std::optional<std::string>> DataWal::get(std::string_view key) const {
  if (!impl_) return std::unexpected(moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->get(key);
}

Result<std::optional<RecordRef>> DataWal::ref_of(std::string_view key) const {
  if (!impl_) return std::unexpected(moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->find(key);
}

Result<bool> DataWal::contains(std::string_view key) const {
  Result<std::optional<RecordRef>> ref = ref_of(key);
  if (!ref) return propagate(ref);
  return ref->has_value();
}

std::uint64_t DataWal::size() const noexcept { return impl_ ? impl_->projection->size() : 0; }
bool DataWal::empty() const noexcept { return size() == 0; }

Result<std::vector<std::string>> DataWal::keys() const {
  if (!impl_) return std::unexpected(moved_from());
  Result<kv::LiveView> view = impl_->view();
  if (!view) return propagate(view);
  if (Result<void> sorted = view->sort(); !sorted) return propagate(sorted);
  std::vector<std::string> keys;
  keys.reserve(view->positions.size());
  Result<void> walked = view->for_each({}, [&keys](const format::DecodedRecord& record) -> Result<bool> {
    keys.emplace_back(record.key);
    return true;
  });
  if (!walked) return propagate(walked);
  return keys;
}

Result<std::vector<std::pair<std::string, std::string>>> DataWal::items() const {
  if (!impl_) return std::unexpected(moved_from());
  Result<kv::LiveView> view = impl_->view();
  if (!view) return propagate(view);
  if (Result<void> sorted = view->sort(); !sorted) return propagate(sorted);
  std::vector<std::pair<std::string, std::string>> items;
  items.reserve(view->positions.size());
  Result<void> walked = view->for_each({}, [&items](const format::DecodedRecord& record) -> Result<bool> {
    items.emplace_back(record.key, record.payload);
    return true;
  });
  if (!walked) return propagate(walked);
  return items;
}

Result<void> DataWal::for_each(const Visitor& visit) const {
  if (!impl_) return std::unexpected(moved_from());
  Result<kv::LiveView> view = impl_->view();
  if (!view) return propagate(view);
  return view->for_each(
      {}, [&visit](const format::DecodedRecord& record) -> Result<bool> { return visit(record.key, record.payload); });
}

Result<void> DataWal::fsync() {
  if (!impl_) return std::unexpected(moved_from());
  return impl_->core->fsync();
}

Result<CompactionStats> DataWal::compact_to(const std::filesystem::path& dir, const CompactToOptions& options) const {
  if (!impl_) return std::unexpected(moved_from());
  std::shared_ptr<const Snapshot> snapshot;
  Result<kv::LiveView> view = impl_->view(&snapshot);
  if (!view) return propagate(view);
  {
    const std::lock_guard guard(impl_->mutex);
    if (Result<void> said = kv::refuse_raw(*impl_->projection, options); !said) return propagate(said);
  }
  return kv::compact_view(std::move(*view), options, std::move(snapshot), LastSegment::published, impl_->file_system(),
                          dir);
}

Result<CompactionStats> DataWal::compact(const CompactOptions& options) {
  if (!impl_) return std::unexpected(moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  // On a full disk there is no room for another segment; the sealed ones can be compacted all the same.
  Result<void> rotated = impl_->rotate();
  if (!rotated && rotated.error().code != Errc::no_space) return propagate(rotated);
  const std::lock_guard alone(impl_->compacting);
  return kv::compact({*impl_->core, *impl_->projection, impl_->mutex}, options);
}

Result<void> DataWal::checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options) const {
  if (!impl_) return std::unexpected(moved_from());
  return datawal::checkpoint(*impl_->core, dir, options);
}

Result<ExportStats> DataWal::export_jsonl(const std::filesystem::path& file, const ExportOptions& options) const {
  if (!impl_) return std::unexpected(moved_from());
  Result<kv::LiveView> view = impl_->view();
  if (!view) return propagate(view);
  return kv::export_file(std::move(*view), options, impl_->file_system(), file);
}

Result<ImportStats> DataWal::import_jsonl(const std::filesystem::path& file, const ImportOptions& options) {
  if (!impl_) return std::unexpected(moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return kv::import_file(impl_->file_system(), file, options,
                         [this](std::string_view key, std::string_view value) { return put(key, value); });
}

Result<ImportStats> DataWal::import_jsonl_from(const Source& source, const std::filesystem::path& name,
                                               const ImportOptions& options) {
  if (!impl_) return std::unexpected(moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return kv::import_lines(source, name, 0, options,
                          [this](std::string_view key, std::string_view value) { return put(key, value); });
}

StoreStats DataWal::stats() const {
  if (!impl_ || impl_->core->is_closed()) return {};
  const std::lock_guard guard(impl_->mutex);
  StoreStats stats = kv::stats_of(*impl_->projection);
  stats.last_txid = impl_->core->last_txid();
  stats.durable_txid = impl_->core->durable_txid();
  return stats;
}

const RecordLog& DataWal::log() const noexcept { return impl_->log; }

Result<void> DataWal::close() {
  if (!impl_) return std::unexpected(moved_from());
  if (impl_->process.is_ours()) impl_->auto_compaction.reset();
  return impl_->core->close();
}

}  // namespace datawal
