#include <safeatomic/safeatomic.hpp>

#include "place.hpp"

namespace safeatomic {

Result<void> rename_atomic(const std::filesystem::path& from, const std::filesystem::path& to,
                           const Settings& settings) {
  FileSystem& file_system = detail::file_system_of(settings);
  const Result<detail::Place> source = detail::open_place(file_system, from);
  if (!source) return propagate(source);
  const Result<detail::Place> target = detail::open_place(file_system, to);
  if (!target) return propagate(target);
  const Result<FileInfo> source_info = source->directory->info();
  if (!source_info) return propagate(source_info);
  const Result<FileInfo> target_info = target->directory->info();
  if (!target_info) return propagate(target_info);

  const Result<void> renamed = source->directory->rename(source->name, *target->directory, target->name,
                                                         RenameMode::replace);
  if (!renamed) return renamed;
  if (const Result<void> synced = detail::sync_names_in(*target->directory, settings); !synced) return synced;
  const bool is_one_directory = source_info->device == target_info->device && source_info->inode == target_info->inode;
  if (is_one_directory) return {};
  return detail::sync_names_in(*source->directory, settings);
}

}  // namespace safeatomic
