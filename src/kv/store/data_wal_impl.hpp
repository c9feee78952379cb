#pragma once
// The inside of a DataWal.

#include <datawal/data_wal.hpp>

#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "base/fork_guard.hpp"
#include "base/futex_mutex.hpp"
#include "base/handle_error.hpp"
#include "base/mutex.hpp"
#include "kv/compaction/auto_compact.hpp"
#include "kv/projection/live_view.hpp"
#include "kv/projection/projection.hpp"
#include "kv/saved_index/index_keeper.hpp"
#include "kv/store/background_scrub.hpp"
#include "log/directory/store_directory.hpp"
#include "log/write/log_core.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] DataWal::Impl {
  std::shared_ptr<kv::Projection> projection{};  // also of views, which may outlive the store
  log::LogCore* core = nullptr;                  // owned by `log`
  RecordLog log;
  OpenOptions options{};
  Mutex compacting{};          // one compaction at a time
  mutable FutexMutex mutex{};  // one change at a time: the order of the log is the order of the projection
  std::unique_ptr<kv::IndexKeeper> index{};
  std::unique_ptr<kv::AutoCompaction> auto_compaction{};  // null: not wanted
  std::unique_ptr<kv::BackgroundScrub> scrubbing{};       // null: not wanted
  std::uint32_t looked_in DATAWAL_GUARDED_BY(mutex){0};   // the active segment when it was last told to look
  std::uint64_t look_at DATAWAL_GUARDED_BY(mutex){0};     // bytes of that segment at which it is to look again
  static constexpr std::uint64_t look_step = 16ULL << 20;
  static constexpr std::uint64_t limited_look_step = 1ULL << 20;  // where the index may have outgrown its memory
  ForkGuard process{};

  ~Impl();

  /// The condition of a change.
  struct Condition {
    const Expect& expected;
    ChangeOutcome outcome{};
  };
  /// @param condition  null: there is none
  [[nodiscard]] Result<void> change(RecordType type, std::string_view key, std::string_view value,
                                    const WriteOptions& how, Condition* condition = nullptr);
  [[nodiscard]] Result<void> write(std::span<const RecordInput> records, const WriteOptions& how);
  /// Calls `prepare(longs)` until it meets no more long records that are not checked; those are checked without the lock. The lock is held
  /// before and after, also on failure, and nothing has changed since `prepare` returned.
  template <class Prepare>
  [[nodiscard, gnu::cold, gnu::noinline]] Result<void> prepare_long(
      Lock<FutexMutex>& guard, kv::ReaderEpochs::Guard& reading,
      Prepare&& prepare) DATAWAL_NO_THREAD_SAFETY_ANALYSIS {  // through its caller's guard
    kv::Projection::LongRecords longs;
    for (;;) {
      Result<bool> is_unchecked = prepare(&longs);
      if (!is_unchecked) return propagate(is_unchecked);
      if (!*is_unchecked) return {};
      reading.enter(projection->address_space().readers());
      guard.unlock();
      Result<void> checked = projection->check(longs);
      guard.lock();
      if (!checked) return checked;
    }
  }
  /// Reserves what the index needs for the changes that are appended next: `inserts` of new keys, `len` bytes in all. From then on until
  /// they are applied nothing but the log can fail, so log and index never differ.
  [[nodiscard]] Result<void> make_room(std::uint64_t inserts, std::uint64_t len) {
    if (inserts != 0) projection->reserve(inserts);
    return projection->address_space().make_room(len);
  }
  void follow(const RecordRef& last) noexcept DATAWAL_REQUIRES(mutex);
  [[nodiscard]] Result<void> rotate();
  /// All that lives now, in log order.
  /// @param snapshot  gets the log of that instant; null: nobody needs it
  [[nodiscard]] Result<kv::LiveView> walk(std::shared_ptr<const log::Snapshot>* snapshot = nullptr) const;
  [[nodiscard]] Result<void> refuse_closed() const {
    if (!core->is_closed()) [[likely]]
      return {};
    return std::unexpected(closed_error());
  }
  [[nodiscard, gnu::cold]] static Error closed_error();
  /// How large a segment of such a store may become.
  [[nodiscard]] static kv::SegmentRoom room_of(const OpenOptions& options) noexcept;
  [[nodiscard]] safeatomic::FileSystem& file_system() const noexcept {
    return log::file_system_of(options.file_system);
  }
};

}  // namespace datawal
