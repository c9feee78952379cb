#pragma once
// Files that a space has no more, but somebody who pinned an instant at which it had them may still read.

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

  /// What is there now is kept until unpin(), though it is removed. Throws std::bad_alloc.
  /// @return the instant
  [[nodiscard]] std::uint64_t pin();
  /// Once more, of an instant that is pinned. Throws std::bad_alloc.
  void pin(std::uint64_t instant);
  void unpin(std::uint64_t instant) noexcept;

  /// `file` is there from now on: instants that are pinned already do not need it. So as many files are kept for an instant as there
  /// were, however often what is newer is rewritten.
  void note_added(SegmentFile& file) noexcept;

  /// `file` was removed. It is let go of when nobody has pinned an instant at which it was there.
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
