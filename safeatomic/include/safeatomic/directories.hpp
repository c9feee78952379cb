#pragma once
// Directories that must survive a power loss together with what is put into them.

#include <cstdint>
#include <filesystem>
#include <memory>

#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// Opens `path`, after making the directories that lack, one by one; somebody else making the same ones meanwhile is
/// welcome. Nothing is synced: sync_ancestors does that. What was made stays when a later step fails.
/// @return not_found if `..` stands behind a directory that lacks, as the operating system would have it
[[nodiscard]] Result<std::unique_ptr<Directory>> make_directories(FileSystem& file_system,
                                                                  const std::filesystem::path& path,
                                                                  std::uint32_t mode);

/// On return the name of `directory`, and of every directory above it up to the mount point, is on the disk; what is
/// in `directory` is not synced. All of them, not only new ones: one that was found may have been made by a process
/// that was killed before it could sync. Where a parent may not be opened, the whole filesystem is synced instead.
/// @param require_sync  false: pass over directories that their filesystem cannot sync (`unsupported`)
[[nodiscard]] Result<void> sync_ancestors(Directory& directory, bool require_sync = true);

}  // namespace safeatomic
