#pragma once
// Takes the writer's lock on an open directory.

#include <memory>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/fork_guard.hpp"

namespace datawal::log {

/// The locks on a directory and on `.lock` in it. Destruction closes descriptors and unlocks nothing: release() does.
class StoreLock {
 public:
  /// Errors as DirLock::acquire.
  [[nodiscard]] static Result<StoreLock> acquire(safeatomic::FileSystem& file_system,
                                                 const std::shared_ptr<safeatomic::Directory>& directory,
                                                 std::uint32_t mode);

  /// Unlocks explicitly, since a forked child may hold copies of the descriptors. In that child it does nothing.
  void release() noexcept;

 private:
  explicit StoreLock(std::shared_ptr<safeatomic::Directory> directory) noexcept : directory_(std::move(directory)) {}

  ForkGuard process_;
  std::shared_ptr<safeatomic::Directory> directory_;
  std::unique_ptr<safeatomic::File> file_;  // null: there was no room for `.lock`
};

}  // namespace datawal::log
