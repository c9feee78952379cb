#pragma once
// Atomic filesystem primitives: what a program needs so that a crash never leaves half a file.
//
// Paths may be relative, and may be a bare file name. Temporaries lie beside their target, are called
// `.tmp-<16 hex digits>.dwal-tmp` with unpredictable digits, and are removed when anything fails. New files are 0600.
// All functions may be called from any thread and any process; each documents what races mean.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include <safeatomic/error.hpp>
#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// What the functions below use; the defaults are right for almost everybody.
struct Settings {
  std::uint32_t file_mode = 0600;       ///< permission bits of a new file, before the umask
  std::uint32_t directory_mode = 0700;  ///< permission bits of a new directory, before the umask
  FileSystem* file_system = nullptr;    ///< null: the operating system's; not owned
};

// The path of a file must end in a name: an empty path, `.`, `..`, a slash at the end and a NUL are `invalid_argument`. A
// symbolic link at the end of a path is never followed. An error of the very last sync leaves the change visible but
// not proven durable; it is final, since the operating system may forget what it failed to write.

/// Replaces the content of `path`, or makes it: temporary, sync, rename, sync of the directory. A reader, and a crash
/// at any instant, see the old content or the new, never a mixture. An existing file's owner, group and permissions are
/// kept, or narrowed where we may not keep them: see TemporaryFile::take_ownership_of. Durable on return, against the
/// death of the process and loss of power alike.
/// @return not_regular if something that is not a regular file stands there; not_found if the directory does not exist
[[nodiscard]] Result<void> write_atomic(const std::filesystem::path& path, std::string_view content,
                                        const Settings& settings = {});

/// Makes `path` with `content` unless the name is taken, whatever it is taken by; of several callers exactly one makes
/// it, and nobody ever sees a part of it. Durable on return: also on `false`, if the name was taken by this function or
/// by something else that syncs the content before it gives the name.
/// @return true if this call made it, false if it was there, untouched
[[nodiscard]] Result<bool> write_once(const std::filesystem::path& path, std::string_view content,
                                      const Settings& settings = {});

/// write_once, after making the directories that lack and syncing the name of every directory above `path`, new or not,
/// up to the mount point: see sync_ancestors. That costs one sync for each; write_once does without where the directory
/// is known to be durable. Directories made stay when a later step fails.
[[nodiscard]] Result<bool> write_once_with_parents(const std::filesystem::path& path, std::string_view content,
                                                   const Settings& settings = {});

/// Appends `content` at the end of `path`, making it if it is absent, and syncs it. Where it was absent or empty its
/// directory is synced too, before anything is written. Durable on return. Not atomic: a crash may leave a part of
/// `content` at the end, and so may a failed write whose roll-back failed too; a failed first append leaves an empty
/// file. Two appenders at once may overwrite each other: use a RecordLog, or a lock of your own.
[[nodiscard]] Result<void> write_append_fsync(const std::filesystem::path& path, std::string_view content,
                                              const Settings& settings = {});

/// Renames, replacing `to` if it is there, and syncs both directories: the target's first, so that a crash in between
/// leaves at least one of the names. Durable on return. The content is not synced: that is the caller's. Two names of
/// one file both stay, as with rename(2).
/// @return other_filesystem if the two lie on different filesystems; nothing happened then
[[nodiscard]] Result<void> rename_atomic(const std::filesystem::path& from, const std::filesystem::path& to,
                                         const Settings& settings = {});

/// On return every change of a name in `directory` is on the disk.
[[nodiscard]] Result<void> fsync_dir(const std::filesystem::path& directory, const Settings& settings = {});

}  // namespace safeatomic
