#include <safeatomic/directories.hpp>

#include <ranges>
#include <string>
#include <utility>
#include <vector>

namespace safeatomic {
namespace {

/// Opens the directory `name` of `parent`, making it if it is missing.
Result<std::unique_ptr<Directory>> open_or_make(Directory& parent, const std::string& name, std::uint32_t mode) {
  const Result<void> made = parent.make_directory(name, mode);
  if (!made && made.error().code != Errc::already_exists) return propagate(made);
  return parent.open_directory(name);
}

}  // namespace

Result<std::unique_ptr<Directory>> make_directories(FileSystem& file_system, const std::filesystem::path& path,
                                                    std::uint32_t mode) {
  std::vector<std::string> missing;  // the deepest first
  std::filesystem::path existing = path;
  Result<std::unique_ptr<Directory>> directory = file_system.open_directory(existing);
  while (!directory && directory.error().code == Errc::not_found && existing.has_relative_path()) {
    const std::string name = existing.filename().native();
    if (name == "..") break;
    if (!name.empty() && name != ".") missing.push_back(name);
    existing = existing.parent_path();
    directory = file_system.open_directory(existing);
  }
  if (!directory) return directory;
  for (const std::string& name : std::views::reverse(missing)) {
    Result<std::unique_ptr<Directory>> next = open_or_make(**directory, name, mode);
    if (!next) return next;
    directory = std::move(next);
  }
  return directory;
}

Result<void> sync_ancestors(Directory& directory, bool require_sync) {
  std::unique_ptr<Directory> held;
  Directory* below = &directory;
  while (true) {
    Result<std::unique_ptr<Directory>> parent = below->open_parent();
    if (!parent && parent.error().code == Errc::permission) return below->sync_file_system();
    if (!parent) return propagate(parent);
    const Result<FileInfo> info = below->info();
    if (!info) return propagate(info);
    const Result<FileInfo> parent_info = (*parent)->info();
    if (!parent_info) return propagate(parent_info);
    const bool is_mount_point = parent_info->device != info->device;
    if (is_mount_point || parent_info->inode == info->inode) return {};
    if (const Result<void> synced = (*parent)->sync(); !synced) {
      if (require_sync || synced.error().code != Errc::unsupported) return synced;
    }
    held = std::move(*parent);
    below = held.get();
  }
}

}  // namespace safeatomic
