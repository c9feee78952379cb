#pragma once
// The sealed segments of a log that is open for writing, for those who replace, remove, link or copy them.

#include <cstdint>
#include <memory>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>
#include <safeatomic/temporary.hpp>

#include "base/mutex.hpp"
#include "log/directory/hold_gate.hpp"
#include "log/read/segment_registry.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::log {

class LogCore;

/// A sealed segment whose name is about to go.
struct LeavingSegment {
  SegmentFile& segment;
  std::shared_ptr<safeatomic::File>
      file;                     ///< the open file of that name: from here on what is still needed is read from it
  std::uint64_t last_txid = 0;  ///< of its records, or more
};

/// Belongs to one log. It offers no way to append to, rotate or close the log; once that is closed, everything that can fail is `closed`.
/// Threads: any.
class SealedSegments {
 public:
  explicit SealedSegments(LogCore& log) noexcept : log_(log) {}
  SealedSegments(const SealedSegments&) = delete;
  SealedSegments& operator=(const SealedSegments&) = delete;

  /// Must be held to change, link or copy sealed segments.
  [[nodiscard]] Mutex& maintenance_mutex() const noexcept DATAWAL_RETURNS_LOCK(maintenance_mutex_) {
    return maintenance_mutex_;
  }

  /// Ascending.
  [[nodiscard]] Result<std::vector<PinnedSegment>> list() const;

  /// Gives the name of a sealed segment to `to`, which is `rewritten` and synced. Durable on return. Needs maintenance_mutex().
  /// @return unless it is gone, nothing was done; poisoned if the directory could not be synced; errors as read_holds()
  [[nodiscard]] Result<Departure> replace(const LeavingSegment& from, SegmentFile& to,
                                          safeatomic::TemporaryFile& rewritten);

  /// Unlinks a sealed segment, which stays in the registry until it is erased there; otherwise as replace().
  [[nodiscard]] Result<Departure> remove(const LeavingSegment& from);

  /// Makes everything appended so far durable, and with it what supersedes the records that are about to be removed.
  [[nodiscard]] Result<void> sync_log();

  [[nodiscard]] std::uint64_t last_txid() const noexcept;  ///< of the log
  [[nodiscard]] std::uint64_t appended_bytes() const;      ///< to the log, by this handle
  [[nodiscard]] const std::shared_ptr<safeatomic::Directory>& directory() const noexcept;
  [[nodiscard]] safeatomic::FileSystem& file_system() const noexcept;
  [[nodiscard]] std::uint32_t file_mode() const noexcept;  ///< of new files

 private:
  [[nodiscard]] Result<void> keep(const LeavingSegment& from);

  LogCore& log_;
  mutable Mutex maintenance_mutex_;
};

}  // namespace datawal::log
