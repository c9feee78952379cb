#include <safeatomic/directories.hpp>
#include <safeatomic/safeatomic.hpp>

#include "place.hpp"

namespace safeatomic {

Result<bool> write_once_with_parents(const std::filesystem::path& path, std::string_view content,
                                     const Settings& settings) {
  FileSystem& file_system = detail::file_system_of(settings);
  const Result<std::string> name = detail::file_name_of(path);
  if (!name) return propagate(name);
  const Result<std::unique_ptr<Directory>> directory = make_directories(file_system, path.parent_path(),
                                                                        settings.directory_mode);
  if (!directory) return propagate(directory);
  // Before the file exists, so an existing file is known to have its directories on the disk.
  if (const Result<void> synced = sync_ancestors(**directory, settings.require_directory_sync); !synced)
    return propagate(synced);
  return detail::write_once_in(file_system, **directory, *name, content, settings);
}

}  // namespace safeatomic
