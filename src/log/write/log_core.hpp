#pragma once
// The writing side of a log behind RecordLog: appending, syncing, rotating, and what failures leave.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/stats.hpp>
#include <safeatomic/file_system.hpp>
#include <safeatomic/temporary.hpp>

#include "base/fork_guard.hpp"
#include "base/futex_mutex.hpp"
#include "base/mutex.hpp"
#include "log/directory/lock.hpp"
#include "log/read/segment_registry.hpp"
#include "log/read/snapshot.hpp"
#include "log/recovery/recovery.hpp"
#include "log/saved/log_state.hpp"
#include "log/write/background_sync.hpp"
#include "log/write/group_commit.hpp"
#include "log/write/sealed_segments.hpp"
#include "segment/writer.hpp"

namespace datawal::log {

class StoreOwner;

/// One lock orders everything that changes the log; readers take it only to learn what is there. A sync runs without it, so
/// appending goes on meanwhile: whoever syncs, rotates or closes has the turn (group_commit.hpp).
class LogCore {
 public:
  /// Errors as RecordLog::open. `visitor` sees what is recovered.
  /// @param segments  gets the log's; empty, of a directory from make_store_directory
  [[nodiscard]] static Result<std::unique_ptr<LogCore>> open(std::shared_ptr<SegmentRegistry> segments,
                                                             const OpenOptions& options,
                                                             const RecoveryVisitor& visitor);
  LogCore(const LogCore&) = delete;
  LogCore& operator=(const LogCore&) = delete;
  ~LogCore();

  /// As RecordLog::append_record and append_batch, except for the sync: sync_if_required() follows.
  [[nodiscard]] Result<RecordRef> append(RecordType type, std::string_view key, std::string_view payload);
  /// @param refs  receives the places
  [[nodiscard]] Result<void> append_batch(std::span<const RecordInput> records, std::vector<RecordRef>& refs);

  /// Whole frames as they are, of which the last has the txid `last_txid`, larger than last_txid(). As append(), except for the limit of
  /// a segment's size.
  /// @return where in the active segment they begin
  [[nodiscard]] Result<std::uint64_t> append_frames(std::string_view frames, std::uint64_t last_txid);
  /// rotate() to the segment `id`, which need not be the next one. If the segment left behind is empty it is removed. Does nothing if
  /// `id` is the active one.
  /// @return invalid_argument if it lies before that
  [[nodiscard]] Result<void> rotate_to(std::uint32_t id);
  /// Removes what an interrupted rotate_to() left.
  [[nodiscard]] Result<void> remove_empty_sealed();

  /// Syncs up to the record `txid` if `options` or the policy of this log ask for it.
  [[nodiscard]] Result<void> sync_if_required(const WriteOptions& options, std::uint64_t txid) {
    if (!options.sync && !options_.sync_policy.is_every_append()) return {};
    return sync_through(txid);
  }

  /// `.state` is written at rotation and at close, as its options say. Before anything is appended.
  /// @param state  of the log as it was recovered
  void keep_state(std::unique_ptr<LogState> state);
  /// As RecordLog::save_state.
  [[nodiscard]] Result<void> save_state();

  [[nodiscard]] Result<void> fsync();
  [[nodiscard]] Result<void> rotate();
  /// Segments become no larger than that from now on, where OpenOptions::max_segment_bytes sets a limit and would let them.
  void limit_segments(std::uint64_t bytes);
  [[nodiscard]] Result<void> close();

  /// What is there now.
  [[nodiscard]] Result<std::shared_ptr<const Snapshot>> snapshot() const;
  [[nodiscard]] Result<Record> read(const RecordRef& ref) const;

  /// The segment that is appended to.
  struct Active {
    std::shared_ptr<safeatomic::File> file;
    std::uint64_t end = 0;  ///< bytes of whole records
  };
  /// `closed` after close().
  [[nodiscard]] Result<Active> active() const;
  /// The sealed segments, for those who change, link or copy them.
  [[nodiscard]] SealedSegments& sealed_segments() const noexcept { return sealed_segments_; }
  /// All segments. The set changes only through this core, under its locks.
  [[nodiscard]] SegmentRegistry& segments() const noexcept { return *segments_; }

  /// Cuts off what was reserved behind the records, as close() does; the next append reserves anew.
  [[nodiscard]] Result<void> cut_reserved_space();

  /// Syncs the directory.
  /// @return poisoned if that fails: nobody knows which names are on the disk
  [[nodiscard]] Result<void> sync_names();

  [[nodiscard]] const std::shared_ptr<safeatomic::Directory>& directory() const noexcept {
    return segments_->directory();
  }
  [[nodiscard]] const OpenOptions& options() const noexcept { return options_; }

  /// `closed` after close(), and in a forked child: ask before taking any lock.
  [[nodiscard]] Result<void> refuse_unusable() const {
    if (!is_closed()) return {};
    return std::unexpected(closed_error());
  }
  /// close() was called, or this is a forked child.
  [[nodiscard]] bool is_closed() const noexcept {
    return closed_.load(std::memory_order_acquire) || !process_.is_ours();
  }

  [[nodiscard]] const RecoveryReport& report() const noexcept { return report_; }
  [[nodiscard]] std::uint64_t last_txid() const noexcept { return last_txid_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t durable_txid() const noexcept { return durable_txid_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint32_t active_segment() const noexcept { return segments_->last_id(); }
  /// Fills in what was appended and synced, and how long the syncs took.
  void count_writes(LogStats& stats) const;
  [[nodiscard]] bool is_poisoned() const noexcept { return poisoned_.load(std::memory_order_acquire); }

 private:
  friend class SealedSegments;  // changes them by the locks below
  using Guard = Lock<FutexMutex>;

  /// The turn to sync, to rotate or to close. It ends with its scope, by return, exception or cancellation of the thread: the lock
  /// is released, and those that waited for it are woken.
  class Turn {
   public:
    enum class Begun : std::uint8_t { already };

    /// With the lock held, which is released while somebody else has the turn.
    Turn(LogCore& core, Guard& guard) noexcept : Turn(core, guard, wait_for(core, guard)) {}
    /// With the lock held; the caller has the turn already.
    Turn(LogCore& core, Guard& guard, Begun) noexcept : core_(core), guard_(guard) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() DATAWAL_NO_THREAD_SAFETY_ANALYSIS;  // through its guard

   private:
    static Begun wait_for(LogCore& core, Guard& guard) noexcept DATAWAL_NO_THREAD_SAFETY_ANALYSIS;

    LogCore& core_;
    Guard& guard_;
  };

  /// Poisons the log if its scope is left before resolve()(), by an exception or cancellation of the thread: nobody can then tell
  /// whether what was begun is done, and it must not count as done.
  class Doubt {
   public:
    /// @param action  static text
    Doubt(LogCore& core, Guard& guard, std::string_view action) noexcept
        : core_(&core), guard_(guard), action_(action) {}
    Doubt(const Doubt&) = delete;
    Doubt& operator=(const Doubt&) = delete;
    ~Doubt() DATAWAL_NO_THREAD_SAFETY_ANALYSIS;  // through its guard
    void resolve() noexcept { core_ = nullptr; }

   private:
    LogCore* core_;
    Guard& guard_;
    std::string_view action_;
  };

  /// What a sync covers that begins now.
  struct Coverage {
    std::shared_ptr<safeatomic::File> file;
    format::Watermark watermark;
    std::uint64_t change_count = 0;  // of the writer
    std::uint64_t appended_bytes = 0;
    std::chrono::steady_clock::duration took{};  // set by sync()
  };

  LogCore(std::shared_ptr<SegmentRegistry> segments, const OpenOptions& options, StoreLock lock, Recovered recovered);

  [[nodiscard, gnu::cold]] Error closed_error() const;
  [[nodiscard]] Result<void> refuse_closed() const DATAWAL_REQUIRES(mutex_);
  [[nodiscard, gnu::cold]] Result<void> refuse_change() DATAWAL_REQUIRES(mutex_);
  /// Its first step cannot fail: the log is poisoned even if there is no memory to report the failure.
  void set_poison(std::string_view action, int os_errno) noexcept DATAWAL_REQUIRES(mutex_);
  [[nodiscard, gnu::cold]] std::unexpected<Error> poison(const Error& cause) DATAWAL_REQUIRES(mutex_);
  [[nodiscard, gnu::cold]] std::unexpected<Error> poison(const safeatomic::Error& cause, std::string_view action)
      DATAWAL_REQUIRES(mutex_);

  // Appending (log_core_append.cpp).
  [[nodiscard]] static bool is_record(RecordType type, std::string_view key, std::string_view payload) noexcept {
    return key.size() <= max_key_len && payload.size() <= max_payload_len && type <= RecordType::Delete;
  }
  [[nodiscard, gnu::cold]] std::unexpected<Error> refused_record(std::string_view key, std::string_view payload) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> refused_append(std::string detail) const;
  [[nodiscard]] Result<std::uint64_t> next_txid(std::uint64_t count) const DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] bool is_full_for(std::uint64_t len) const noexcept DATAWAL_REQUIRES(mutex_) {
    return segment_limit_ != 0 && writer_->end() + len > segment_limit_;
  }
  [[nodiscard]] bool is_ready_for(std::uint64_t len) const noexcept DATAWAL_REQUIRES(mutex_) {
    return writer_ && !poison_ && !is_full_for(len) && !writer_->has_unsynced_change() && !writer_->is_broken();
  }
  [[nodiscard, gnu::cold]] Result<void> prepare_append(Guard& guard, std::uint64_t len, std::optional<Turn>& turn)
      DATAWAL_REQUIRES(mutex_);
  [[nodiscard, gnu::cold]] std::unexpected<Error> failed_append(const Error& error) DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Result<std::uint32_t> append_as_one(std::span<const RecordInput> records, std::uint64_t len,
                                                    std::span<RecordRef> refs);
  void appended(std::uint64_t last_txid) DATAWAL_REQUIRES(mutex_);

  // Syncing (log_core_sync.cpp).
  [[nodiscard]] bool is_covered(std::uint64_t txid) const noexcept DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Coverage coverage() const DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] std::uint64_t appended_bytes() const noexcept DATAWAL_REQUIRES(mutex_) {
    return appended_before_ + writer_->end() - counted_from_;
  }
  [[nodiscard]] static safeatomic::Result<void> sync(Coverage& coverage);
  [[nodiscard]] Result<void> finish_sync(const Coverage& coverage, const safeatomic::Result<void>& synced,
                                         bool asked_for) DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Result<void> sync_through(std::uint64_t txid);
  // Both release and take the lock through their caller's guard, which the analysis cannot follow.
  [[nodiscard]] Result<void> sync_through(Guard& guard, std::uint64_t txid, bool asked_for)
      DATAWAL_REQUIRES(mutex_) DATAWAL_NO_THREAD_SAFETY_ANALYSIS;
  [[nodiscard]] Result<void> sync_for_all(Guard& guard, std::uint64_t txid, bool asked_for)
      DATAWAL_REQUIRES(mutex_) DATAWAL_NO_THREAD_SAFETY_ANALYSIS;
  [[nodiscard]] Result<void> sync_in_turn(Guard& guard) DATAWAL_REQUIRES(mutex_);
  void sync_in_background(BackgroundSync::Reason reason);
  void start_writeback() noexcept DATAWAL_REQUIRES(mutex_);

  // Rotation (log_core_rotate.cpp).
  [[nodiscard]] Result<void> close_in_turn(Guard& guard) DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Result<void> rotate_in_turn(Guard& guard) DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Result<void> begin_in_turn(Guard& guard, std::uint32_t next) DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Result<std::unique_ptr<safeatomic::File>> create_next(std::uint32_t id, const StoreOwner& owner)
      DATAWAL_REQUIRES(mutex_);

  // The state (log_core_state.cpp).
  void write_state_before_rotating(const safeatomic::FileInfo& sealed) DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Result<void> write_state_at_close() DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] Result<void> write_state(const safeatomic::FileInfo& active) DATAWAL_REQUIRES(mutex_);

  [[nodiscard]] Result<void> remove_empty(SegmentFile& segment);

  [[nodiscard]] Result<Record> read_frame(safeatomic::File& file, std::uint64_t end, const RecordRef& ref) const;

  const ForkGuard process_;
  const std::shared_ptr<SegmentRegistry> segments_;
  const OpenOptions options_;
  const RecoveryReport report_;
  const bool is_mapped_;  // the write path

  mutable SealedSegments sealed_segments_{*this};
  mutable FutexMutex mutex_;
  GroupCommit turns_;  // what is marked "lock" there is called with `mutex_` held
  std::uint64_t syncing_txid_ DATAWAL_GUARDED_BY(mutex_) =
      0;  // what the running sync will cover; 0: there is none, or it is unknown
  StoreLock lock_ DATAWAL_GUARDED_BY(mutex_);
  std::shared_ptr<segment::Writer> writer_ DATAWAL_GUARDED_BY(mutex_);  // of the last segment; null once closed
  std::uint64_t segment_limit_ DATAWAL_GUARDED_BY(mutex_);              // bytes; 0: none
  std::uint64_t writeback_end_ DATAWAL_GUARDED_BY(mutex_);  // bytes of the active segment that a sync was begun for
  std::uint64_t counted_from_ DATAWAL_GUARDED_BY(mutex_);   // bytes of the active segment that another handle appended
  std::uint64_t appended_before_ DATAWAL_GUARDED_BY(mutex_) = 0;  // bytes that this one appended to earlier segments
  std::uint64_t synced_bytes_ DATAWAL_GUARDED_BY(mutex_) = 0;     // of all that it appended
  SyncLatency sync_latency_ DATAWAL_GUARDED_BY(mutex_);
  std::unique_ptr<LogState> state_ DATAWAL_GUARDED_BY(mutex_);  // null: none is kept
  std::optional<Error> poison_ DATAWAL_GUARDED_BY(mutex_);
  WatermarkFile watermark_;  // used only by the holder of the turn

  std::atomic<std::uint64_t> last_txid_;
  std::atomic<std::uint64_t> durable_txid_;
  std::atomic<bool> poisoned_{false};
  std::atomic<bool> closed_{false};

  std::unique_ptr<BackgroundSync> background_ DATAWAL_GUARDED_BY(mutex_);  // null: not needed yet
};

}  // namespace datawal::log
