#pragma once
// The writer's lock on a store directory.

#include <filesystem>
#include <memory>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

namespace datawal {

/// Held from acquire() until release() or destruction. It is taken on the directory itself and on `.lock` in it, by
/// descriptor: a stale file is no lock, and deleting `.lock` lets nobody in. It ends with the process that took it. A child made
/// by `fork` neither holds nor releases it: its copies of the descriptors are closed before `fork` returns there. A child made by
/// `_Fork` or a bare `clone`, which the library cannot see, keeps them, and with them a lock that was not released.
/// RecordLog::open takes the lock itself: this class is for programs that work on the files.
class DirLock {
 public:
  /// Takes the lock without waiting. Makes `.lock` (0600) if it is absent and writes the process id into it; without
  /// room for that file, the directory's lock alone is held.
  /// @return locked, naming the holder's process id and which of the two was busy; invalid_argument if `.lock` is not a
  ///   regular file with one link; not_found if there is no such directory
  [[nodiscard]] static Result<DirLock> acquire(const std::filesystem::path& dir, const OpenOptions& options = {});

  DirLock(DirLock&&) noexcept;
  DirLock& operator=(DirLock&&) noexcept;
  ~DirLock();

  /// Releases the lock in the process that took it; elsewhere, or a second time, does nothing.
  void release() noexcept;

 private:
  struct Impl;
  explicit DirLock(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
