#pragma once
// Where a path leads: an open directory and a name in it.

#include <filesystem>
#include <memory>
#include <string>

#include <safeatomic/file_system.hpp>
#include <safeatomic/safeatomic.hpp>

namespace safeatomic::detail {

[[nodiscard]] inline FileSystem& file_system_of(const Settings& settings) noexcept {
  return settings.file_system != nullptr ? *settings.file_system : posix_file_system();
}

/// The last component of `path`; `invalid_argument` if it has none that can name a file: empty, `.`, `..`, a slash at
/// the end, or a NUL in it.
[[nodiscard]] Result<std::string> file_name_of(const std::filesystem::path& path);

struct Place {
  std::unique_ptr<Directory> directory;
  std::string name;
};

/// With `follows_links` follows a symbolic link at the end, even to a missing target; `not_regular` after 40 of them.
[[nodiscard]] Result<Place> open_place(FileSystem& file_system, const std::filesystem::path& path,
                                       bool follows_links = false);

/// Directory::sync, or nothing if the filesystem cannot do that and the settings allow it.
[[nodiscard]] Result<void> sync_names_in(Directory& directory, const Settings& settings);

/// write_once in an open directory.
[[nodiscard]] Result<bool> write_once_in(FileSystem& file_system, Directory& directory, std::string_view name,
                                         std::string_view content, const Settings& settings);

}  // namespace safeatomic::detail
