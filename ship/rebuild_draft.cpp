#include "ship/rebuild_draft.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <system_error>

#include <safeatomic/safeatomic.hpp>

namespace datawal::ship {

namespace {

// 0: it is not there.
std::uint64_t inode_of(const std::filesystem::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

Outcome<void> remove_leftover(const std::filesystem::path& path) {
  {
    const Result<LogRebuilder> left = LogRebuilder::open(path, {.mode = OpenMode::must_exist});
    if (!left && left.error().code == Errc::locked) {
      return fail(exit_usage, fmt::format("another rebuild is at work in {}", path.string()));
    }
  }
  std::error_code failed;
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
  log_.reset();
  if (path_.empty() || inode_of(path_) != inode_) return;
  std::error_code failed;
  std::filesystem::remove_all(path_, failed);
}

Outcome<void> RebuildDraft::name(const std::filesystem::path& name) {
  if (Result<void> closed = log_->close(); !closed) return fail(closed.error());
  if (inode_of(path_) != inode_) return fail(exit_usage, fmt::format("another rebuild has taken {}", path_.string()));
  std::error_code failed;
  std::filesystem::remove(path_ / ".lock", failed);
  if (const auto named = safeatomic::rename_atomic(path_, name); !named) return fail(error_of(named.error()));
  path_.clear();
  if (const auto synced = safeatomic::fsync_dir(name.parent_path()); !synced) return fail(error_of(synced.error()));
  return {};
}

}  // namespace datawal::ship
