#include <safeatomic/safeatomic.hpp>

#include "place.hpp"

namespace safeatomic {

Result<void> fsync_dir(const std::filesystem::path& directory, const Settings& settings) {
  const Result<std::unique_ptr<Directory>> opened = detail::file_system_of(settings).open_directory(directory);
  if (!opened) return propagate(opened);
  return detail::sync_names_in(**opened, settings);
}

}  // namespace safeatomic
