#pragma once
// Keeps the persisted index of an open store.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include <datawal/compaction.hpp>
#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <safeatomic/temporary.hpp>

#include "base/futex_mutex.hpp"
#include "base/mutex.hpp"
#include "base/worker.hpp"
#include "kv/projection/projection.hpp"
#include "kv/saved_index/index_image.hpp"
#include "kv/saved_index/index_opening.hpp"
#include "kv/saved_index/index_output.hpp"
#include "kv/saved_index/page_loader.hpp"
#include "log/write/log_core.hpp"

namespace datawal::kv {

/// Says when the index is written, and in which order: P is noted while nobody changes anything, and the directory frozen; the pages
/// go into a temporary, as they were then; a sync of it, a sync of the log through P, the name, a sync of the directory. So a name
/// never stands before what it describes is on the disk. Threads: any.
class IndexKeeper {
 public:
  /// @param changes  the lock of the projection's owner; all outlive this
  /// @param used  how far the index was used when the store was opened
  IndexKeeper(log::LogCore& core, std::shared_ptr<Projection> projection, FutexMutex& changes, const IndexedPart& used)
      : core_(core),
        projection_(std::move(projection)),
        changes_(changes),
        saved_txid_(used.txid),
        saved_bytes_(used.bytes) {}
  IndexKeeper(const IndexKeeper&) = delete;
  IndexKeeper& operator=(const IndexKeeper&) = delete;

  /// Loads what lies on file, and writes the index now and then, as the options say.
  void start_threads();

  /// So much more was appended that this is worth a look.
  void look() {
    if (saver_) saver_->wake();
  }

  /// As DataWal::save_index.
  [[nodiscard]] Result<void> save();

  /// A compaction has ended, or was cut short. Writes the index if it changed segments, and that is worth it; failures cost only that.
  void after_compaction(const Result<CompactionStats>& done) noexcept;

  /// Nobody uses the store any more, and it is about to be closed. Writes the index if that is worth it.
  void at_close() noexcept;

 private:
  [[nodiscard]] bool is_worth_it() const;
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] bool is_due_for_memory() const;
  void save_if_due() noexcept;
  [[nodiscard]] Result<SegmentInfos> sealed_infos() const;
  [[nodiscard]] Result<void> save_now() DATAWAL_REQUIRES(saving_);
  [[nodiscard]] Result<std::optional<IndexImage>> freeze(FrozenDirectory& frozen);
  [[nodiscard]] Result<void> write(const IndexImage& image, FrozenDirectory& frozen);
  [[nodiscard]] Result<void> take_pages_from(std::unique_ptr<safeatomic::File> file, const IndexImage& image,
                                             WrittenIndex index);
  [[nodiscard]] Result<safeatomic::TemporaryFile> make_file();

  log::LogCore& core_;
  const std::shared_ptr<Projection> projection_;
  FutexMutex& changes_;
  Mutex saving_;                            // one at a time
  std::atomic<std::uint64_t> saved_txid_;   // the index describes the log up to it; 0: there is none that does
  std::atomic<std::uint64_t> saved_bytes_;  // the bytes of records up to there
  std::atomic<std::uint64_t> rewrites_{0};  // how often segments became other files: an index from before is of no use
  std::unique_ptr<PageLoader> loader_;
  std::unique_ptr<Worker> saver_;
};

}  // namespace datawal::kv
