#include "log/saved/drop_saved.hpp"

#include <memory>
#include <utility>

#include "base/io_error.hpp"
#include "log/directory/lock.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::log {

namespace {

// With the lock.
Result<bool> drop(safeatomic::Directory& directory, const char* name, std::string_view action) {
  const safeatomic::Result<safeatomic::FileInfo> info = directory.info_of(name);
  if (!info && info.error().code != safeatomic::Errc::not_found) return io_failure(info, action);
  if (info && info->kind != safeatomic::FileKind::regular) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = action,
                                 .path = directory.path() / name,
                                 .detail = "it is not a regular file, and so none of ours"});
  }
  if (Result<void> removed = remove_cache(directory, name); !removed) return propagate(removed);
  return info.has_value();
}

}  // namespace

Result<bool> drop_saved(const std::filesystem::path& dir, const OpenOptions& options, const char* name,
                        std::string_view action) {
  safeatomic::FileSystem& file_system = file_system_of(options.file_system);
  Result<std::unique_ptr<safeatomic::Directory>> opened = open_store_directory(file_system, dir);
  if (!opened) return propagate(opened);
  const std::shared_ptr<safeatomic::Directory> directory = std::move(*opened);
  Result<StoreLock> lock = StoreLock::acquire(file_system, directory, options.file_mode);
  if (!lock) return propagate(lock);
  const Result<bool> dropped = drop(*directory, name, action);
  lock->release();
  return dropped;
}

}  // namespace datawal::log
