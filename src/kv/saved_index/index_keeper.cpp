#include "kv/saved_index/index_keeper.hpp"

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "kv/saved_index/close_rule.hpp"
#include "kv/saved_index/index_output.hpp"
#include "kv/saved_index/overflow_file.hpp"
#include "kv/saved_index/page_file.hpp"
#include "log/directory/store_directory.hpp"
#include "log/saved/saved_output.hpp"

namespace datawal::kv {

namespace {

// 64 MiB of pages that writers changed before their turn came; a sixteenth of a limit on memory.
constexpr std::size_t pages_kept_max = (64UL << 20) / saved_page_len;
constexpr std::size_t share_kept = 16;

// For the sake of memory, bytes of an index that are written for each that was appended.
constexpr std::uint64_t written_per_appended = 4;

std::uint64_t bytes_of(const IndexImage& image) noexcept {
  std::uint64_t bytes = 0;
  for (const log::SavedSegment& segment : image.segments) bytes += segment.size;
  return bytes;
}

}  // namespace

// Without a thread each page is loaded when it is needed, and the index written at close: it takes longer, that is all.
void IndexKeeper::start_threads() {
  const IndexOptions& options = core_.options().index;
  if (options.loads_in_background && projection_->directory().has_pages_on_file()) {
    Result<std::unique_ptr<PageLoader>> started = PageLoader::start(projection_);
    if (started) loader_ = std::move(*started);
  }
  if (options.is_enabled && options.writes_in_background) {
    Result<std::unique_ptr<Worker>> started = Worker::start([this] { save_if_due(); });
    if (started) saver_ = std::move(*started);
    if (projection_->directory().is_limited()) look();  // all of it is in memory if there was no index
  }
}

bool IndexKeeper::is_due() const {
  const Locked guard(changes_);
  const std::uint64_t bytes = projection_->counts().bytes;
  const std::uint64_t saved = saved_txid_ == 0 ? 0 : saved_bytes_.load();
  const std::uint64_t due = std::max(core_.options().index.least_bytes,
                                     projection_->directory().pages() * saved_page_len);
  return bytes > saved && bytes - saved >= due;
}

// What was changed takes too much memory.
bool IndexKeeper::is_due_for_memory() const {
  const KeyDirectory& directory = projection_->directory();
  if (!directory.is_limited()) return false;
  const Locked guard(changes_);
  if (directory.memory().dirty_pages * saved_page_len <= core_.options().index.memory_limit / 2) return false;
  const std::uint64_t bytes = projection_->counts().bytes;
  const std::uint64_t saved = saved_txid_ == 0 ? 0 : saved_bytes_.load();
  return bytes > saved && directory.pages() * saved_page_len <= (bytes - saved) * written_per_appended;
}

void IndexKeeper::save_if_due() noexcept {
  try {
    if (core_.is_closed() || core_.is_poisoned()) return;
    if ((is_due() && is_worth_it()) || is_due_for_memory()) (void)save();
  } catch (const std::bad_alloc&) {
    return;  // there may be memory next time
  }
}

Result<void> IndexKeeper::save() {
  if (Result<void> loaded = projection_->load_all(); !loaded) return loaded;
  const Locked one(saving_);
  return save_now();
}

void IndexKeeper::after_compaction(const Result<CompactionStats>& done) noexcept {
  if (done && done->segments_rewritten + done->segments_removed == 0) return;
  ++rewrites_;
  saved_txid_.store(0);  // its segments are other files now
  const OpenOptions& options = core_.options();
  try {
    if (!done || !options.index.is_enabled || core_.is_poisoned() || !is_worth_it()) return;
    (void)save();
  } catch (const std::bad_alloc&) {
    return;  // no index, that is all
  }
}

void IndexKeeper::at_close() noexcept {
  loader_.reset();
  if (saver_) saver_->stop();
  const OpenOptions& options = core_.options();
  if (!options.index.is_enabled || !options.index.write_at_close) return;
  try {
    if (core_.is_closed() || core_.is_poisoned() || !is_worth_it()) return;
    if (!projection_->load_all()) return;
    // Before the time of its change is noted: it is the last one.
    if (!core_.cut_reserved_space()) return;
    const Locked one(saving_);
    (void)save_now();
  } catch (const std::bad_alloc&) {
    return;  // no index, that is all
  }
}

bool IndexKeeper::is_worth_it() const {
  const Locked guard(changes_);
  const SegmentCounts& counts = projection_->counts();
  const std::uint64_t records = counts.raw_records + counts.put_records + counts.delete_records;
  const std::uint64_t saved_txid = saved_txid_.load(std::memory_order_relaxed);
  const std::uint64_t behind = core_.last_txid() - std::min(saved_txid, core_.last_txid());
  return is_worth_writing(std::min(records, behind), core_.options().index.least_records,
                          projection_->directory().pages() * saved_page_len);
}

Result<SegmentInfos> IndexKeeper::sealed_infos() const {
  Result<std::vector<log::PinnedSegment>> sealed = core_.sealed_segments().list();
  if (!sealed) return propagate(sealed);
  SegmentInfos infos;
  for (const log::PinnedSegment& segment : *sealed) {
    const safeatomic::Result<safeatomic::FileInfo> info = core_.directory()->info_of(segment::filename(segment.id));
    if (!info) return io_failure(info, "inspect segment");
    infos.emplace(segment.id, *info);
  }
  return infos;
}

// No segment may be rewritten before P is noted.
Result<std::optional<IndexImage>> IndexKeeper::freeze(FrozenDirectory& frozen) {
  const Locked maintenance(core_.sealed_segments().maintenance_mutex());
  const Result<SegmentInfos> infos = sealed_infos();
  if (!infos) return propagate(infos);
  KeyDirectory& directory = projection_->directory();
  Lock guard(changes_);
  do {
    const DirectoryExtent extent = directory.extent();
    guard.unlock();
    frozen.prepare(extent);
    guard.lock();
  } while (!directory.freeze(frozen));  // else it outgrew that meanwhile
  return take_index_image(*projection_, *infos);
}

Result<void> IndexKeeper::save_now() {
  const std::uint64_t rewrites = rewrites_.load();
  OverflowFile overflow([this] { return make_file(); });
  const std::uint64_t limit = core_.options().index.memory_limit;
  const std::size_t kept_max = projection_->directory().is_limited()
                                   ? std::min(pages_kept_max, limit / share_kept / saved_page_len)
                                   : pages_kept_max;
  FrozenDirectory frozen(overflow, kept_max);
  const auto thaw = [this](const FrozenDirectory*) {
    const Locked guard(changes_);
    projection_->directory().thaw();
  };
  const std::unique_ptr<FrozenDirectory, decltype(thaw)> until_written(&frozen, thaw);
  const Result<std::optional<IndexImage>> image = freeze(frozen);
  if (!image) return propagate(image);
  if (!*image) return {};
  Result<void> written = write(**image, frozen);
  if (!written) return written;
  saved_bytes_.store(bytes_of(**image));
  saved_txid_.store((*image)->header.last.txid);
  if (rewrites_.load() != rewrites)
    saved_txid_.store(0);  // asked behind the store: after_compaction() does it the other way round
  return {};
}

Result<safeatomic::TemporaryFile> IndexKeeper::make_file() {
  return log::make_saved_file(log::file_system_of(core_.options().file_system), *core_.directory(), log::index_name);
}

Result<void> IndexKeeper::write(const IndexImage& image, FrozenDirectory& frozen) {
  Result<safeatomic::TemporaryFile> file = make_file();
  if (!file) return propagate(file);
  Result<WrittenIndex> done = write_index(image, projection_->directory(), frozen, changes_, file->file());
  if (!done) return propagate(done);
  Result<void> named = log::publish_saved(*file, log::index_name, [this] { return core_.fsync(); });
  if (!named) return named;
  if (Result<void> synced = core_.sync_names(); !synced) return synced;
  if (!projection_->directory().is_limited()) return {};
  return take_pages_from(file->release(), image, std::move(*done));
}

// What was not changed since P may leave memory.
Result<void> IndexKeeper::take_pages_from(std::unique_ptr<safeatomic::File> file, const IndexImage& image,
                                          WrittenIndex index) {
  KeyDirectory& directory = projection_->directory();
  const auto next = std::make_shared<const SavedGeneration>(SavedGeneration{
      .directory = std::move(index.directory),
      .source = std::make_shared<PageFile>(core_.directory(), std::move(file), index.pages_begin, image.in_memory())});
  {
    const Locked guard(changes_);
    if (!directory.adopt(next)) {
      return std::unexpected(Error{.code = Errc::corruption,
                                   .action = "save index",
                                   .path = core_.directory()->path() / log::index_name,
                                   .detail = "it has other pages than the one in memory"});
    }
  }
  while (directory.shrink()) {
  }
  return {};
}

}  // namespace datawal::kv
