#include <algorithm>
#include <memory>
#include <utility>

#include "kv/saved_index/index_opening.hpp"
#include "kv/store/data_wal_impl.hpp"
#include "log/handle/record_log_impl.hpp"

namespace datawal {

namespace {

// A mapping that long shows what is appended without being made anew; a record behind it is read by `pread` until its
// segment is sealed. Address space only: nothing is reserved.
constexpr std::uint64_t room_without_limit = 1ULL << 30;
constexpr std::uint64_t longest_mapping = 1ULL << 44;

}  // namespace

kv::SegmentRoom DataWal::Impl::room_of(const OpenOptions& options) noexcept {
  if (options.max_segment_bytes == 0) return {.mapped = room_without_limit};
  return {.mapped = std::min(options.max_segment_bytes, longest_mapping)};
}

DataWal::Impl::~Impl() {
  if (process.is_ours()) {
    if (scrubbing) scrubbing->stop();
    if (auto_compaction) auto_compaction->stop();
    if (index) index->at_close();
    return;
  }
  // A forked child has no such threads and would wait for them forever. What another thread was changing at the fork is half done there,
  // and its lock never released: it is left as it is.
  (void)scrubbing.release();
  (void)auto_compaction.release();
  (void)index.release();
  never_destroy(projection);
}

DataWal::DataWal(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DataWal::DataWal(DataWal&&) noexcept = default;
DataWal& DataWal::operator=(DataWal&&) noexcept = default;
DataWal::~DataWal() = default;

Result<DataWal> DataWal::open(const std::filesystem::path& dir, const OpenOptions& options) {
  if (options.index.memory_limit != 0 && !options.index.is_enabled) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "open store",
                                 .path = dir,
                                 .detail = "a memory_limit needs the index, which is not enabled"});
  }
  Result<std::unique_ptr<safeatomic::Directory>> made = log::make_store_directory(
      log::file_system_of(options.file_system), dir, options);
  if (!made) return propagate(made);
  const auto segments = std::make_shared<log::SegmentRegistry>(std::move(*made));
  kv::IndexOpening opening(segments, {.is_used = options.index.is_enabled && options.verification != Verification::full,
                                      .read_path = options.read_path,
                                      .threads = options.open_threads,
                                      .damage = kv::Damage::removes_it,
                                      .memory_limit = options.index.memory_limit});
  Result<std::unique_ptr<log::LogCore>> core = log::LogCore::open(segments, options, opening.visitor());
  if (!core) return propagate(core);
  log::LogCore* const behind = core->get();
  std::unique_ptr<Impl> impl(
      new Impl{.core = behind, .log = RecordLogAccess::wrap(std::move(*core)), .options = options});

  // Only now is it certain which file is appended to: recovery may have put a copy in its place, or made the first one.
  Result<log::LogCore::Active> active = behind->active();
  if (!active) return propagate(active);
  impl->projection = opening.projection();  // whatever fails from here on, the log ends before its segments do
  Result<void> appending = impl->projection->address_space().begin_appending(active->file, active->end,
                                                                             Impl::room_of(options));
  if (!appending) return propagate(appending);
  impl->index = std::make_unique<kv::IndexKeeper>(*behind, impl->projection, impl->mutex, opening.used_up_to());
  if (options.auto_compact.is_enabled) {
    const kv::CompactionSite site{impl->core->sealed_segments(), *impl->projection, impl->mutex};
    Result<std::unique_ptr<kv::AutoCompaction>> started = kv::AutoCompaction::start(
        site, impl->compacting, options.auto_compact,
        [index = impl->index.get()](const Result<CompactionStats>& done) { index->after_compaction(done); });
    if (!started) return propagate(started);
    impl->auto_compaction = std::move(*started);
  }
  if (options.scrub.is_enabled) {
    Result<std::unique_ptr<kv::BackgroundScrub>> started = kv::BackgroundScrub::start(behind->directory(),
                                                                                      options.scrub);
    if (!started) return propagate(started);
    impl->scrubbing = std::move(*started);
  }
  impl->index->start_threads();
  return DataWal(std::move(impl));
}

Error DataWal::Impl::closed_error() {
  return {.code = Errc::closed,
          .action = "use store",
          .detail = "it was closed, or belongs to the process that forked this one"};
}

const RecordLog& DataWal::log() const noexcept {
  static const RecordLog none = RecordLogAccess::none();
  return impl_ ? impl_->log : none;
}

Result<void> DataWal::fsync() {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return impl_->core->fsync();
}

Result<void> DataWal::close() {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (impl_->process.is_ours()) {
    if (impl_->scrubbing) impl_->scrubbing->stop();
    if (impl_->auto_compaction) impl_->auto_compaction->stop();
    impl_->index->at_close();
  }
  return impl_->core->close();
}

}  // namespace datawal
