#pragma once
// The writing side of a log behind RecordLog: appending, syncing, rotating, and what failures leave.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>
#include <safeatomic/temporary.hpp>

#include "log/file_cache.hpp"
#include "log/lock.hpp"
#include "log/process_mark.hpp"
#include "log/recovery.hpp"
#include "log/snapshot.hpp"

namespace datawal {

/// One mutex orders everything that changes the log; readers take it only to learn what is there.
class LogCore {
 public:
  /// Errors as RecordLog::open. `visitor` sees what is recovered.
  /// @param directory  from make_store_directory
  [[nodiscard]] static Result<std::unique_ptr<LogCore>> open(const std::shared_ptr<safeatomic::Directory>& directory,
                                                             const OpenOptions& options,
                                                             const RecoveryVisitor& visitor);
  LogCore(const LogCore&) = delete;
  LogCore& operator=(const LogCore&) = delete;
  ~LogCore();

  [[nodiscard]] Result<RecordRef> append(RecordType type, std::string_view key, std::string_view payload,
                                         const WriteOptions& options);
  [[nodiscard]] Result<void> fsync();
  [[nodiscard]] Result<void> rotate();
  [[nodiscard]] Result<void> close();

  /// What is there now.
  [[nodiscard]] Result<std::shared_ptr<const Snapshot>> snapshot() const;
  [[nodiscard]] Result<Record> read(const RecordRef& ref) const;

  /// The segment that is appended to.
  struct Active {
    PinnedSegment segment;  ///< its file is open
    std::uint64_t end = 0;  ///< bytes of whole records
  };
  /// `closed` after close().
  [[nodiscard]] Result<Active> active() const;
  /// The segment sealed last, not kept open. There is one.
  [[nodiscard]] PinnedSegment last_sealed() const;
  /// The sealed segments, ascending. `closed` after close().
  [[nodiscard]] Result<std::vector<PinnedSegment>> sealed() const;

  /// Held by whoever changes, links or copies sealed segments: one at a time.
  [[nodiscard]] std::mutex& care() const noexcept { return care_; }

  /// Puts `rewritten`, which is synced, in the place of a sealed segment. Durable on return. Snapshots of this process go on
  /// with the old file. Needs care().
  /// @param old  the segment's open file
  /// @return poisoned if the directory could not be synced
  [[nodiscard]] Result<PinnedSegment> replace_sealed(std::uint32_t id, std::shared_ptr<safeatomic::File> old,
                                                     safeatomic::TemporaryFile& rewritten);

  /// Unlinks a sealed segment; as replace_sealed().
  [[nodiscard]] Result<void> remove_sealed(std::uint32_t id, std::shared_ptr<safeatomic::File> old);

  [[nodiscard]] const std::shared_ptr<safeatomic::Directory>& directory() const noexcept { return directory_; }
  [[nodiscard]] const OpenOptions& options() const noexcept { return options_; }

  /// close() was called, or this is a forked child.
  [[nodiscard]] bool is_closed() const noexcept {
    return closed_.load(std::memory_order_acquire) || !process_.is_ours();
  }

  [[nodiscard]] const RecoveryReport& report() const noexcept { return report_; }
  [[nodiscard]] std::uint64_t last_txid() const noexcept { return last_txid_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t durable_txid() const noexcept { return durable_txid_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint32_t active_segment() const noexcept { return active_id_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_poisoned() const noexcept { return poisoned_.load(std::memory_order_acquire); }

 private:
  LogCore(std::shared_ptr<safeatomic::Directory> directory, const OpenOptions& options, StoreLock lock,
          Recovered recovered);

  [[nodiscard]] Result<void> refuse_closed() const;
  [[nodiscard]] Result<void> refuse_change() const;
  [[nodiscard]] Result<void> sync_locked();
  [[nodiscard]] Result<void> rotate_locked();
  [[nodiscard]] std::unexpected<Error> poison(Error cause);
  [[nodiscard]] Result<void> sync_names();
  [[nodiscard]] PinnedSegment* find_sealed(std::uint32_t id) noexcept;
  [[nodiscard]] Error not_sealed(std::uint32_t id) const;
  [[nodiscard]] Result<Record> read_frame(safeatomic::File& file, std::uint64_t end, const RecordRef& ref) const;
  [[nodiscard]] Error closed_error() const;

  const ProcessMark process_;
  const std::shared_ptr<safeatomic::Directory> directory_;
  const OpenOptions options_;
  const RecoveryReport report_;

  mutable std::mutex care_;
  mutable std::mutex mutex_;  // guards what follows, up to the atomics
  StoreLock lock_;
  std::shared_ptr<segment::Writer> writer_;  // null once closed
  safeatomic::FileInfo active_info_;         // identity of the active segment
  std::vector<PinnedSegment> sealed_;
  WatermarkFile watermark_;
  std::uint64_t synced_end_;  // bytes of the active segment that a sync has covered
  std::optional<Error> poison_;

  std::atomic<std::uint64_t> last_txid_;
  std::atomic<std::uint64_t> durable_txid_;
  std::atomic<std::uint32_t> active_id_;
  std::atomic<bool> poisoned_{false};
  std::atomic<bool> closed_{false};

  mutable FileCache cache_;  // of sealed segments, for read()
};

}  // namespace datawal
