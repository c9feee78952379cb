#pragma once
// Files that were removed from a space but may still be read by those who pinned an earlier instant.

#include <cstdint>
#include <map>
#include <memory>

#include "base/mutex.hpp"
#include "kv/records/segment_file.hpp"

namespace datawal::kv {

/// Threads: any.
class RemovedFiles {
 public:
  RemovedFiles() = default;
  ~RemovedFiles() { destroy(std::move(kept_)); }
  RemovedFiles(const RemovedFiles&) = delete;
  RemovedFiles& operator=(const RemovedFiles&) = delete;

  /// Everything that is there now is kept until unpin(), even if it is removed. Throws std::bad_alloc.
  /// @return the instant
  [[nodiscard]] std::uint64_t pin();
  /// Pins an instant that is pinned already once more. Throws std::bad_alloc.
  void pin(std::uint64_t instant);
  void unpin(std::uint64_t instant) noexcept;

  /// `file` is there from now on: instants that are pinned already do not need it. So an instant keeps no more files than it had, however
  /// often newer ones are rewritten.
  void note_added(SegmentFile& file) noexcept;

  /// `file` was removed. It is freed once no instant at which it was there is pinned.
  void add(std::shared_ptr<SegmentFile> file) noexcept;

 private:
  [[nodiscard]] bool is_needed(const SegmentFile& file) const noexcept DATAWAL_REQUIRES(mutex_);
  [[nodiscard]] std::shared_ptr<SegmentFile> take_unneeded() noexcept DATAWAL_REQUIRES(mutex_);
  static void destroy(std::shared_ptr<SegmentFile> file) noexcept;

  Mutex mutex_;                                                               // not held when a file ends
  std::uint64_t now_ DATAWAL_GUARDED_BY(mutex_) = 0;                          // files added and removed so far
  std::map<std::uint64_t, std::uint64_t> pinned_ DATAWAL_GUARDED_BY(mutex_);  // how often each instant is
  std::shared_ptr<SegmentFile> kept_ DATAWAL_GUARDED_BY(mutex_);              // linked by removed_after
};

}  // namespace datawal::kv
