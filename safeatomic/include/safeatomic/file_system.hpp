#pragma once
// The seam: every operating-system call that can fail or persist. Programs use `posix_file_system()`;
// tests plug in their own implementation and fail, tear or cut the power at any single call.
//
// One object, one descriptor. Names are relative to the directory that was opened (`*at` calls), so nothing changes
// meaning when a path above is renamed. No call follows a symbolic link in its last component. Destroying an
// object closes its descriptor and does nothing else: it syncs nothing, cuts nothing and unlocks nothing by itself.
//
// No descriptor is ever below 3: if the program had closed a standard one, its output would go into a file. Standard descriptors
// that are closed when something is opened are taken for good by a file that refuses reads and writes (closed again on exec).
//
// A child made by `fork` holds none of the locks: its copies of their descriptors are closed before `fork` returns there.
// A write that would make a file larger than this process may write (RLIMIT_FSIZE) is not tried, since it would raise SIGXFSZ: it
// is `no_space` with EFBIG. A limit that is lowered while a file is open is noticed when the file passes the one before.
// If somebody holds a lease on a file, opening waits until the lease is given up or broken, at most a minute. A thread is not
// cancelled (pthread_cancel) in a call, but at the first cancellation point after it.
//
// A name is one component: an empty one, `.`, `..`, or one with a slash or a NUL is `invalid_argument`. Only read_at,
// write_at (see io.hpp) and reserve report `interrupted`; every other call repeats itself when a signal interrupts it.
//
// Threads: const functions, and `read_at` and `write_at` to disjoint ranges, may run at once; the caller orders the rest.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <safeatomic/error.hpp>

namespace safeatomic {

enum class FileKind : std::uint8_t { regular, directory, other };

/// What `fstat` says.
struct FileInfo {
  FileKind kind = FileKind::other;  ///< what it is
  std::uint64_t device = 0;         ///< with `inode`, which file it is
  std::uint64_t inode = 0;          ///< with `device`, which file it is
  std::uint64_t size = 0;           ///< bytes
  std::uint64_t link_count = 0;     ///< names it has
  std::int64_t modified_ns = 0;     ///< nanoseconds since 1970
  std::uint32_t mode = 0;           ///< the nine permission bits only
  std::uint32_t owner = 0;          ///< user id
  std::uint32_t group = 0;          ///< group id
};

/// Bytes [begin, end) of a file that are not a hole.
struct DataRange {
  std::uint64_t begin = 0;  ///< first byte
  std::uint64_t end = 0;    ///< after the last byte
};

/// A part of a file in memory, shared with every other mapping and descriptor of it. Outlives the File it came from.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  virtual ~Mapping() = default;

  /// The mapped bytes. Reading beyond the file's present end, or where the disk fails, raises SIGBUS.
  [[nodiscard]] virtual std::string_view bytes() const noexcept = 0;

  /// Copies `bytes` to `offset` (relative to the mapping). Room for them must have been reserved: see File::reserve.
  virtual void write(std::size_t offset, std::string_view bytes) noexcept = 0;

  /// Faults pages in for writing before they are needed. `unsupported` may be ignored; after any other error a write() there
  /// would likely raise SIGBUS.
  virtual Result<void> populate(std::size_t offset, std::size_t length) = 0;

  /// Lets pages faulted in from now on be huge (2 MiB): cheaper by the byte, but written back as a whole. A hint: `unsupported`
  /// and every other error may be ignored.
  virtual Result<void> prefer_huge_pages();
};

enum class MapAccess : std::uint8_t { read, read_write };

/// The kind of lock: `flock` belongs to the open file and is what other programs (the reference too) take on `.lock`;
/// `record` is an open-file-description lock, which others can query without taking anything.
enum class LockKind : std::uint8_t { flock, record };

/// An open regular file.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  /// The path it was opened by, for messages.
  [[nodiscard]] virtual const std::filesystem::path& path() const noexcept = 0;

  /// One `pread`. May return fewer bytes than asked for, 0 only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;

  /// One `pwritev` of `parts`, back to back. May write fewer bytes than given (see write_all in io.hpp). After an error
  /// it is unknown how much of it is in the file. At most 16 parts.
  [[nodiscard]] virtual Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::string_view> parts) = 0;

  /// Sets the size; what is added reads as zeros.
  [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;

  /// Allocates blocks for [offset, offset + length) and extends the size to cover them (`fallocate`, never the
  /// emulation that writes). `no_space` and `interrupted` leave the size unchanged or larger: truncate back. A filesystem that
  /// starts over after each interruption may never finish a long range. `unsupported` if the filesystem has no such call.
  [[nodiscard]] virtual Result<void> reserve(std::uint64_t offset, std::uint64_t length) = 0;

  /// On return the content and the size are on the disk (`fdatasync`; `F_FULLFSYNC` on macOS). After a failure the
  /// kernel may have dropped the changes and marked the pages clean: a second call proves nothing.
  [[nodiscard]] virtual Result<void> sync_data() = 0;

  /// sync_data and the rest of the inode: owner, group, mode, times (`fsync`).
  [[nodiscard]] virtual Result<void> sync_all() = 0;

  /// Starts writing [offset, offset + length) to the disk without waiting. Proves nothing. A hint.
  virtual Result<void> start_writeback(std::uint64_t offset, std::uint64_t length) = 0;

  [[nodiscard]] virtual Result<FileInfo> info() const = 0;  ///< about the open file

  /// The first range of data at or after `offset` (`SEEK_DATA`), nullopt if only a hole or the end follows. A
  /// filesystem that cannot tell reports everything as data.
  [[nodiscard]] virtual Result<std::optional<DataRange>> next_data(std::uint64_t offset) = 0;

  /// Maps [offset, offset + length); offset is a multiple of the page size.
  [[nodiscard]] virtual Result<std::unique_ptr<Mapping>> map(MapAccess access, std::uint64_t offset,
                                                             std::size_t length) = 0;

  /// Takes over owner, group and permission bits of `like`, after dropping an inherited access control list, which the bits would
  /// bring into effect; on the disk after sync_all. `permission` or `unsupported` if the operating system does not let us,
  /// perhaps halfway: see give_access in access.hpp.
  [[nodiscard]] virtual Result<void> copy_ownership(const FileInfo& like) = 0;

  /// Takes an exclusive lock without waiting; false if somebody holds it.
  [[nodiscard]] virtual Result<bool> try_lock(LockKind kind) = 0;

  /// Releases it, also for descriptors that a forked child inherited.
  virtual Result<void> unlock(LockKind kind) = 0;

  /// True if somebody else holds the `record` lock. Takes nothing.
  [[nodiscard]] virtual Result<bool> is_locked() const = 0;

  /// One `write` at the end of the file as it is at that moment, wherever others have moved it: with OpenMode::append, the
  /// contents of calls by several processes on a local filesystem never mix. May write fewer bytes than given.
  /// @return where they are. This default is for a FileSystem of your own with a single writer
  [[nodiscard]] virtual Result<DataRange> append(std::string_view bytes) {
    const Result<FileInfo> now = info();
    if (!now) return propagate(now);
    const Result<std::size_t> written = write_at(now->size, std::span(&bytes, 1));
    if (!written) return propagate(written);
    return DataRange{.begin = now->size, .end = now->size + *written};
  }

  /// The access control list (POSIX.1e draft 17) as Linux keeps it in `system.posix_acl_access`; empty if the file has
  /// only permission bits, or the filesystem has no lists.
  [[nodiscard]] virtual Result<std::string> access_control_list() const { return std::string(); }

  /// Sets the list; on the disk after sync_all. The permission bits follow it. `unsupported` if the filesystem has no lists.
  [[nodiscard]] virtual Result<void> set_access_control_list(std::string_view /*list*/) {
    return std::unexpected(Error{Errc::unsupported, "set access control list of", path(), 0});
  }
};

/// How Directory::open_file opens.
struct OpenMode {
  bool write = false;         ///< reading is always possible, except with append or inspect
  bool create = false;        ///< make it if it is absent
  bool exclusive = false;     ///< with create: `already_exists` if the name is taken by anything
  std::uint32_t mode = 0600;  ///< permission bits of a new file, before the umask
  bool append = false;        ///< with write: only for File::append; needs no right but to append
  bool inspect = false;  ///< only for File::info and access_control_list: needs no right to the file, wakes no device
  bool temporary =
      false;  ///< with exclusive: `permission`, and no file, in a directory that keeps every name (chattr +a)
};

enum class RenameMode : std::uint8_t { replace, no_replace };

/// An open directory.
class Directory {
 public:
  Directory() = default;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  virtual ~Directory() = default;

  /// The path it was opened by, for messages.
  [[nodiscard]] virtual const std::filesystem::path& path() const noexcept = 0;

  /// Opens a regular file, never waiting and never following a link; anything else by that name is `not_regular`.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open_file(std::string_view name, const OpenMode& how) = 0;

  /// Opens a directory below this one; `not_found`, or `io` with ENOTDIR or ELOOP if it is something else.
  [[nodiscard]] virtual Result<std::unique_ptr<Directory>> open_directory(std::string_view name) = 0;

  /// Opens the directory above; at the root, the root itself. A directory that may be searched but not read is
  /// `permission`.
  [[nodiscard]] virtual Result<std::unique_ptr<Directory>> open_parent() = 0;

  [[nodiscard]] virtual Result<void> make_directory(
      std::string_view name, std::uint32_t mode) = 0;  ///< makes a directory; `already_exists` if the name is taken

  /// All names but `.` and `..`, in no order.
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;

  [[nodiscard]] virtual Result<FileInfo> info() const = 0;  ///< about the open directory

  /// About the entry itself: a symbolic link is `other`.
  [[nodiscard]] virtual Result<FileInfo> info_of(std::string_view name) const = 0;

  /// Gives the file a second name in `target`, which is of the same FileSystem; `already_exists` if it is taken.
  [[nodiscard]] virtual Result<void> link(std::string_view name, Directory& target, std::string_view new_name) = 0;

  /// Renames into `target`, which is of the same FileSystem. `no_replace`: `already_exists` if the name is taken,
  /// `unsupported` where the filesystem cannot promise that.
  [[nodiscard]] virtual Result<void> rename(std::string_view name, Directory& target, std::string_view new_name,
                                            RenameMode mode) = 0;

  [[nodiscard]] virtual Result<void> unlink(std::string_view name) = 0;            ///< removes a name
  [[nodiscard]] virtual Result<void> remove_directory(std::string_view name) = 0;  ///< removes an empty directory

  /// On return every change of a name in this directory is on the disk. `unsupported` if the filesystem cannot sync
  /// directories.
  [[nodiscard]] virtual Result<void> sync() = 0;

  /// On return everything on the filesystem that holds this directory is on the disk (`syncfs`). For what cannot be
  /// opened and so not synced by itself.
  [[nodiscard]] virtual Result<void> sync_file_system() = 0;

  /// Takes an exclusive `flock` on the directory without waiting; false if somebody holds it.
  [[nodiscard]] virtual Result<bool> try_lock() = 0;
  /// Releases it, also for descriptors that a forked child inherited.
  virtual Result<void> unlock() = 0;

  /// True if `statfs` names a network filesystem (NFS, SMB, 9p, Ceph, Lustre, ...). FUSE counts as local.
  [[nodiscard]] virtual Result<bool> is_network() const = 0;

  /// True if a block that `reserve` granted can never be refused later: ext4, tmpfs, XFS without reflink.
  [[nodiscard]] virtual Result<bool> reserves_for_good() const = 0;

  /// The target of a symbolic link; `not_regular` if it is none. This default does for a FileSystem of your own without links.
  [[nodiscard]] virtual Result<std::filesystem::path> read_link(std::string_view name) const {
    return std::unexpected(Error{Errc::not_regular, "read link", path() / name, 0});
  }
};

/// Where paths begin.
class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem() = default;

  /// Opens an existing directory; links in the path are followed, an empty path is the working directory.
  [[nodiscard]] virtual Result<std::unique_ptr<Directory>> open_directory(const std::filesystem::path& path) = 0;

  /// 64 bits that nobody can predict, for the names of temporaries.
  [[nodiscard]] virtual Result<std::uint64_t> random() = 0;
};

/// The operating system's own. One object for the whole process; any thread.
[[nodiscard]] FileSystem& posix_file_system() noexcept;

}  // namespace safeatomic
