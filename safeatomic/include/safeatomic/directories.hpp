#pragma once
// Directories that must survive a power loss together with what is put into them.

#include <cstdint>
#include <filesystem>
#include <memory>

#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// Opens `path` after making the missing directories, one by one; somebody else may make the same ones meanwhile. Syncs
/// nothing: sync_ancestors does that. What was made stays when a later step fails.
/// @return not_found if `..` follows a missing directory, as in the operating system
[[nodiscard]] Result<std::unique_ptr<Directory>> make_directories(FileSystem& file_system,
                                                                  const std::filesystem::path& path,
                                                                  std::uint32_t mode);

/// On return the name of `directory`, and of every directory above it up to the mount point, is on the disk; what is
/// in `directory` is not synced. All of them, not only new ones: an existing one may have been made by a process that
/// was killed before it could sync. If a parent cannot be opened, the whole filesystem is synced instead.
/// @param require_sync  false: skip directories that their filesystem cannot sync (`unsupported`)
[[nodiscard]] Result<void> sync_ancestors(Directory& directory, bool require_sync = true);

}  // namespace safeatomic
