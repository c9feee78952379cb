#pragma once
// Files that a space has no more, but somebody who pinned an instant before may still read.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "kv/space_segment.hpp"

namespace datawal::kv {

/// Threads: any.
class RemovedFiles {
 public:
  RemovedFiles() = default;
  ~RemovedFiles() { destroy(std::move(oldest_)); }
  RemovedFiles(const RemovedFiles&) = delete;
  RemovedFiles& operator=(const RemovedFiles&) = delete;

  /// What is removed from now on is kept until unpin(). Throws std::bad_alloc.
  /// @return the instant
  [[nodiscard]] std::uint64_t pin();
  void unpin(std::uint64_t instant) noexcept;

  /// `file` was removed. It is let go of when nobody has pinned an instant before.
  void add(std::shared_ptr<SpaceSegment> file) noexcept;

 private:
  [[nodiscard]] std::shared_ptr<SpaceSegment> take_unneeded() noexcept;
  static void destroy(std::shared_ptr<SpaceSegment> file) noexcept;

  std::mutex mutex_;                               // guards what follows, and never the end of a file
  std::uint64_t now_ = 0;                          // files removed so far
  std::map<std::uint64_t, std::uint64_t> pinned_;  // how often each instant is
  std::shared_ptr<SpaceSegment> oldest_;           // linked by removed_after
  SpaceSegment* newest_ = nullptr;
};

}  // namespace datawal::kv
