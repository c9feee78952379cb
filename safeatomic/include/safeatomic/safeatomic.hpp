#pragma once
// Atomic filesystem primitives: with them a crash never leaves half a file.
//
// Paths may be relative, and may be a bare file name. Temporaries lie beside their target, are called
// `.<target>.<16 hex digits>.dwal-tmp` with unpredictable digits, and are removed when anything fails;
// remove_stale_temporaries sweeps those of killed processes. New files are 0600. Any thread and any process may call all
// functions; each documents what races mean.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include <safeatomic/access.hpp>
#include <safeatomic/error.hpp>
#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// Settings of the functions below; the defaults are right for almost everybody.
struct Settings {
  std::uint32_t file_mode = 0600;       ///< permission bits of a new file, before the umask
  std::uint32_t directory_mode = 0700;  ///< permission bits of a new directory, before the umask
  FileSystem* file_system = nullptr;    ///< null: the operating system's; not owned

  /// write_atomic, AtomicFile and write_append_fsync: true follows a symbolic link at the end of the path and replaces, appends to
  /// or makes its target; the link stays. Otherwise a link is `not_regular`. Do not use it in a directory where somebody else may
  /// put links. The path of the link's directory must not be renamed meanwhile.
  bool follow_symlinks = false;

  /// write_atomic and AtomicFile: what to do if the access of the replaced file cannot be kept.
  KeepAccess keep_access = KeepAccess::or_narrow;

  /// All functions: false continues if the filesystem cannot sync a directory (EINVAL, EOPNOTSUPP, ENOSYS of some FUSE and
  /// SMB mounts), which is `unsupported` otherwise. Names are then as durable as the filesystem makes them by itself.
  bool require_directory_sync = true;
};

// The path of a file must end in a name: an empty path, `.`, `..`, a slash at the end and a NUL are `invalid_argument`. A
// symbolic link at the end of a path is not followed, unless Settings says so. A directory must be readable as well as
// writable and searchable (not 0300), since the system syncs only what it can open; otherwise it is `permission`. An error
// of the very last sync leaves the change visible but not proven durable; it is final, since the operating system may forget
// what it failed to write. Out of memory, functions throw std::bad_alloc and leave nothing but directories.

/// Replaces the content of `path`, or makes it: temporary, sync, rename, sync of the directory. A reader, or a crash
/// at any instant, sees the old content or the new, never a mixture. An existing file's owner, group, permissions and access
/// control list (POSIX.1e) are kept, or narrowed if we may not keep them: see Access. They are taken when the file is replaced:
/// a chmod meanwhile counts. Other extended attributes, capabilities among them, and set-user-id bits are not kept, and other
/// hard links keep the old content. Durable on return, against the death of the process and loss of power alike. AtomicFile
/// does the same in pieces.
/// @return not_regular if something that is not a regular file is there; not_found if the directory does not exist; busy
///   if the name is a mount point; permission, before anything is made, in a directory that keeps every name (chattr +a)
[[nodiscard]] Result<void> write_atomic(const std::filesystem::path& path, std::string_view content,
                                        const Settings& settings = {});

/// Makes `path` with `content` unless the name is taken by anything; of several callers exactly one makes it, and nobody
/// ever sees a part of it. Durable on return: on `false` too, if the name was taken by this function or by something else
/// that syncs the content before it gives the name.
/// @return true if this call made it, false if it was there, untouched
[[nodiscard]] Result<bool> write_once(const std::filesystem::path& path, std::string_view content,
                                      const Settings& settings = {});

/// write_once after making the missing directories and syncing the name of every directory above `path`, new or not,
/// up to the mount point: see sync_ancestors. That costs one sync each; use write_once if the directory is known to be
/// durable. Directories made stay when a later step fails.
[[nodiscard]] Result<bool> write_once_with_parents(const std::filesystem::path& path, std::string_view content,
                                                   const Settings& settings = {});

/// Appends `content` at the end of `path`, making it if it is absent, and syncs it. The directory is synced first, each time:
/// whoever made the file may not have done so. Needs no right to read, and works with `chattr +a`. Durable on return.
///
/// Any number of threads and processes, with this function or with O_APPEND: on a local filesystem the contents of two calls
/// never mix, since each is one write(2). Only if the system writes less than asked for (a full disk, a limit, more than 2 GiB)
/// can somebody else's bytes come in between; then all of it is in the file, in pieces, and the call fails (`io`).
///
/// Not atomic: a crash may leave a beginning of `content`. So may a failed call: it cuts off what it wrote only while that is the
/// end of the file (together with what somebody else appends between the look at the end and the cut, while the disk is full),
/// and a first append leaves the empty file. After a failed sync all of it is visible.
[[nodiscard]] Result<void> write_append_fsync(const std::filesystem::path& path, std::string_view content,
                                              const Settings& settings = {});

/// Renames, replacing `to` whatever it is, as rename(2) does: also a symbolic link, a FIFO, a device, and an empty directory
/// by a directory. Syncs both directories: the target's first, so that a crash in between leaves at least one of the names.
/// Durable on return. The caller syncs the content. Two names of one file both stay, as with rename(2).
/// @return other_filesystem if the two lie on different filesystems, not_regular if a file would replace a directory, busy if
///   one of them is a mount point; nothing was changed
[[nodiscard]] Result<void> rename_atomic(const std::filesystem::path& from, const std::filesystem::path& to,
                                         const Settings& settings = {});

/// On return every change of a name in `directory` is on the disk.
[[nodiscard]] Result<void> fsync_dir(const std::filesystem::path& directory, const Settings& settings = {});

/// Removes the temporaries in `directory` that killed processes have left: regular files with the name of one (see
/// target_of_temporary) that nobody has written to for `older_than`, by the clock of this machine. A writer that paused that
/// long loses its temporary, and its commit fails. Not synced: what a loss of power brings back goes with the next sweep.
/// Continues after a failure, and returns the first one.
/// @return how many were removed
[[nodiscard]] Result<std::uint64_t> remove_stale_temporaries(const std::filesystem::path& directory,
                                                             std::chrono::seconds older_than,
                                                             const Settings& settings = {});

}  // namespace safeatomic
