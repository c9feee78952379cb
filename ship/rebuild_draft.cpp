#include "ship/rebuild_draft.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <system_error>

#include <datawal/dir_lock.hpp>
#include <safeatomic/safeatomic.hpp>

namespace datawal::ship {

namespace {

// 0: it is not there.
std::uint64_t inode_of(const std::filesystem::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// The one that made it may still live, and be about to give it its name.
Outcome<void> remove_leftover(const std::filesystem::path& path) {
  std::error_code failed;
  std::optional<Result<DirLock>> lock;
  if (std::filesystem::is_directory(std::filesystem::symlink_status(path, failed))) lock = DirLock::acquire(path);
  if (lock && !*lock) {
    if (lock->error().code != Errc::locked) return fail(lock->error());
    return fail(exit_usage, fmt::format("another rebuild is at work in {}", path.string()));
  }
  std::filesystem::remove_all(path, failed);
  if (failed) return fail(exit_local, fmt::format("{} cannot be removed: {}", path.string(), failed.message()));
  return {};
}

}  // namespace

Outcome<RebuildDraft> RebuildDraft::make(std::filesystem::path path) {
  if (inode_of(path) != 0) {
    if (Outcome<void> removed = remove_leftover(path); !removed) return pass_on(removed);
  }
  Result<LogRebuilder> log = LogRebuilder::open(path, {.mode = OpenMode::must_be_new});
  if (!log) return fail(log.error());
  const std::uint64_t inode = inode_of(path);
  return RebuildDraft(std::move(path), std::move(*log), inode);
}

RebuildDraft::~RebuildDraft() {
  if (path_.empty() || inode_of(path_) != inode_) return;
  std::error_code failed;
  std::filesystem::remove_all(path_, failed);  // with its lock
}

Outcome<void> RebuildDraft::name(const std::filesystem::path& name) {
  if (Result<void> synced = log_->fsync(); !synced) return fail(synced.error());
  if (inode_of(path_) != inode_) return fail(exit_usage, fmt::format("another rebuild has taken {}", path_.string()));
  if (const auto named = safeatomic::rename_atomic(path_, name); !named) return fail(error_of(named.error()));
  path_.clear();
  if (Result<void> closed = log_->close(); !closed) return fail(closed.error());
  std::error_code failed;
  std::filesystem::remove(name / ".lock", failed);
  if (const auto synced = safeatomic::fsync_dir(name.parent_path()); !synced) return fail(error_of(synced.error()));
  return {};
}

}  // namespace datawal::ship
