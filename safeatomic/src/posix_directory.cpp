#include "posix_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "posix_file.hpp"

namespace safeatomic::posix {
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// A name as the system takes it, without heap memory: removing a temporary must work when there is none.
class Name {
 public:
  static constexpr std::size_t len_max = 255;

  explicit Name(std::string_view name) noexcept { std::ranges::copy(name, text_.begin()); }

  [[nodiscard]] const char* c_str() const noexcept { return text_.data(); }

 private:
  std::array<char, len_max + 1> text_{};
};

/// A name is one component: nothing that leads out of the directory, nothing that the kernel would cut short.
Result<Name> checked_name(std::string_view action, const std::filesystem::path& directory, std::string_view name) {
  const bool is_component = !name.empty() && name != "." && name != ".." &&
                            name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
  if (!is_component) return failed_as(Errc::invalid_argument, action, directory / name, EINVAL);
  if (name.size() > Name::len_max) return failed(action, directory, name, ENAMETOOLONG);
  return Name(name);
}

int flags_of(const OpenMode& how) noexcept {
  // O_NONBLOCK: a FIFO must not block us before fstat shows what it is. It means nothing to regular files.
  int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
#if defined(O_PATH)
  if (how.inspect) return O_PATH | O_NOFOLLOW | O_CLOEXEC;
#endif
  flags |= how.write ? (how.append ? O_WRONLY | O_APPEND : O_RDWR) : O_RDONLY;
  if (how.create) flags |= O_CREAT;
  if (how.create && how.exclusive) flags |= O_EXCL;
  return flags;
}

/// True if names can be added to the directory but never removed (chattr +a).
bool keeps_every_name(int directory) noexcept {
#if defined(STATX_ATTR_APPEND)
  struct statx status{};
  return ::statx(directory, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_APPEND) != 0;
#else
  static_cast<void>(directory);
  return false;
#endif
}

/// Without /proc only a file that is open for reading shows its access control list.
bool shows_lists_of_paths() noexcept { return ::access("/proc/self/fd", X_OK) == 0; }

/// Opens a file on which somebody holds a lease. The first try told the holder to give it up, and after a while (45 s unless
/// /proc/sys/fs/lease-break-time was changed) the kernel breaks it. Waiting inside the call, without O_NONBLOCK, could last
/// for ever if the name meanwhile goes to a FIFO.
Descriptor open_behind_lease(int directory, const char* name, int flags, mode_t mode) noexcept {
  constexpr auto patience = std::chrono::seconds(60);
  const CancellationOff off;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
  while (true) {
    struct stat status{};
    const bool may_be_leased = ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(status.st_mode);
    if (may_be_leased) {
      ::nanosleep(&pause, nullptr);
      pause.tv_nsec = std::min(2 * pause.tv_nsec, 50'000'000L);
    }
    Descriptor opened = open_at(directory, name, flags, mode);
    const bool is_leased = !opened.is_open() && errno == EWOULDBLOCK;
    if (!is_leased || !may_be_leased || std::chrono::steady_clock::now() > give_up) return opened;
  }
}

int rename_without_replacing(int from_fd, const char* from, int to_fd, const char* to) noexcept {
#if defined(RENAME_NOREPLACE)
  return ::renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE);
#elif defined(RENAME_EXCL)
  return ::renameatx_np(from_fd, from, to_fd, to, RENAME_EXCL);
#else
  static_cast<void>(from_fd), static_cast<void>(from), static_cast<void>(to_fd), static_cast<void>(to);
  errno = ENOSYS;
  return -1;
#endif
}

Result<std::vector<std::string>> read_names(DIR* stream, const std::filesystem::path& path) {
  std::vector<std::string> names;
  while (true) {
    errno = 0;  // the only way to tell the end from a failure
    const dirent* const entry = ::readdir(stream);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return failed("list", path, errno);
  return names;
}

}  // namespace

Result<std::unique_ptr<File>> PosixDirectory::open_file(std::string_view name, const OpenMode& how) {
  constexpr std::string_view action = "open";
  const Result<Name> checked = checked_name(action, path_, name);
  if (!checked) return propagate(checked);
  if (how.temporary && keeps_every_name(fd())) return failed("make a temporary in", path_, EPERM);
  // Allocate everything first: a file must not come into being unreported.
  auto file = std::make_unique<PosixFile>(Descriptor(-1), path_ / name);
  const std::filesystem::path& path = file->path();
  Descriptor descriptor = open_at(fd(), checked->c_str(), flags_of(how), static_cast<mode_t>(how.mode));
  if (!descriptor.is_open() && errno == EWOULDBLOCK) {
    descriptor = open_behind_lease(fd(), checked->c_str(), flags_of(how), static_cast<mode_t>(how.mode));
  }
  if (!descriptor.is_open()) {
    const int reason = errno;
    // ELOOP: a symbolic link. ENXIO: a socket, or a device without a driver.
    const bool is_other = reason == ELOOP || reason == ENXIO;
    return failed_as(is_other ? Errc::not_regular : errc_of(reason), action, path, reason);
  }
  const Result<FileInfo> status = info_of_descriptor(descriptor.get(), path);
  if (!status) return propagate(status);
  if (status->kind != FileKind::regular) return failed_as(Errc::not_regular, action, path, 0);
  if (how.inspect && !shows_lists_of_paths()) {
    Descriptor readable = open_at(fd(), checked->c_str(), flags_of({}));
    const Result<FileInfo> same = info_of_descriptor(readable.get(), path);
    if (same && same->device == status->device && same->inode == status->inode) descriptor = std::move(readable);
  }
  // Clears O_NONBLOCK, to which a filesystem may give a meaning; of the changeable flags only O_APPEND is ours.
  static_cast<void>(::fcntl(descriptor.get(), F_SETFL, flags_of(how) & O_APPEND));
  file->take(std::move(descriptor));
  return file;
}

Result<std::unique_ptr<Directory>> PosixDirectory::open_directory(std::string_view name) {
  constexpr std::string_view action = "open directory";
  const Result<Name> checked = checked_name(action, path_, name);
  if (!checked) return propagate(checked);
  Descriptor descriptor = open_at(fd(), checked->c_str(), directory_flags | O_NOFOLLOW);
  if (!descriptor.is_open()) return failed(action, path_, name, errno);
  return std::make_unique<PosixDirectory>(std::move(descriptor), path_ / name);
}

Result<std::unique_ptr<Directory>> PosixDirectory::open_parent() {
  Descriptor descriptor = open_at(fd(), "..", directory_flags);
  if (!descriptor.is_open()) return failed("open directory", path_, "..", errno);
  return std::make_unique<PosixDirectory>(std::move(descriptor), path_ / "..");
}

Result<void> PosixDirectory::make_directory(std::string_view name, std::uint32_t mode) {
  constexpr std::string_view action = "make directory";
  const Result<Name> checked = checked_name(action, path_, name);
  if (!checked) return propagate(checked);
  if (uninterrupted([&] { return ::mkdirat(fd(), checked->c_str(), static_cast<mode_t>(mode)); }) != 0) {
    return failed(action, path_, name, errno);
  }
  return {};
}

Result<std::vector<std::string>> PosixDirectory::list() {
  // A descriptor of its own: a duplicate would share the reading position with every other call.
  Descriptor own = open_at(fd(), ".", directory_flags);
  if (!own.is_open()) return failed("list", path_, errno);
  const CancellationOff off;
  const std::unique_ptr<DIR, void (*)(DIR*)> stream(::fdopendir(own.get()), [](DIR* open) { ::closedir(open); });
  if (!stream) return failed("list", path_, errno);
  static_cast<void>(own.release());  // the stream closes it
  return read_names(stream.get(), path_);
}

Result<FileInfo> PosixDirectory::info() const { return info_of_descriptor(fd(), path_); }

Result<FileInfo> PosixDirectory::info_of(std::string_view name) const {
  constexpr std::string_view action = "inspect";
  const Result<Name> checked = checked_name(action, path_, name);
  if (!checked) return propagate(checked);
  struct stat status{};
  if (::fstatat(fd(), checked->c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return failed(action, path_, name, errno);
  }
  return to_info(status);
}

Result<std::filesystem::path> PosixDirectory::read_link(std::string_view name) const {
  constexpr std::string_view action = "read link";
  const Result<Name> checked = checked_name(action, path_, name);
  if (!checked) return propagate(checked);
  std::string target(256, '\0');
  while (true) {
    const ssize_t size = ::readlinkat(fd(), checked->c_str(), target.data(), target.size());
    if (size < 0 && errno == EINVAL) return failed_as(Errc::not_regular, action, path_ / name, EINVAL);
    if (size < 0) return failed(action, path_, name, errno);
    const auto len = static_cast<std::size_t>(size);
    if (len < target.size()) return std::filesystem::path(target.substr(0, len));
    target.resize(2 * target.size());
  }
}

Result<void> PosixDirectory::link(std::string_view name, Directory& target, std::string_view new_name) {
  constexpr std::string_view action = "link";
  const Result<Name> from = checked_name(action, path_, name);
  if (!from) return propagate(from);
  const Result<Name> to = checked_name(action, target.path(), new_name);
  if (!to) return propagate(to);
  const int to_fd = static_cast<PosixDirectory&>(target).fd();
  if (uninterrupted([&] { return ::linkat(fd(), from->c_str(), to_fd, to->c_str(), 0); }) != 0) {
    return failed(action, target.path(), new_name, errno);
  }
  return {};
}

Result<void> PosixDirectory::rename(std::string_view name, Directory& target, std::string_view new_name,
                                    RenameMode mode) {
  constexpr std::string_view action = "rename to";
  const Result<Name> from = checked_name(action, path_, name);
  if (!from) return propagate(from);
  const Result<Name> to = checked_name(action, target.path(), new_name);
  if (!to) return propagate(to);
  const int to_fd = static_cast<PosixDirectory&>(target).fd();
  const int result = uninterrupted([&] {
    return mode == RenameMode::replace ? ::renameat(fd(), from->c_str(), to_fd, to->c_str())
                                       : rename_without_replacing(fd(), from->c_str(), to_fd, to->c_str());
  });
  if (result == 0) return {};
  const int reason = errno;
  // EINVAL: the filesystem does not know the flag.
  const bool is_unknown_flag = reason == EINVAL && mode == RenameMode::no_replace;
  return failed_as(is_unknown_flag ? Errc::unsupported : errc_of(reason), action, target.path() / new_name, reason);
}

Result<void> PosixDirectory::unlink(std::string_view name) {
  constexpr std::string_view action = "remove";
  const Result<Name> checked = checked_name(action, path_, name);
  if (!checked) return propagate(checked);
  if (uninterrupted([&] { return ::unlinkat(fd(), checked->c_str(), 0); }) != 0) {
    return failed(action, path_, name, errno);
  }
  return {};
}

Result<void> PosixDirectory::remove_directory(std::string_view name) {
  constexpr std::string_view action = "remove directory";
  const Result<Name> checked = checked_name(action, path_, name);
  if (!checked) return propagate(checked);
  if (uninterrupted([&] { return ::unlinkat(fd(), checked->c_str(), AT_REMOVEDIR); }) != 0) {
    return failed(action, path_, name, errno);
  }
  return {};
}

Result<void> PosixDirectory::sync() {
  constexpr std::string_view action = "sync directory";
#if defined(F_FULLFSYNC)
  if (uninterrupted([&] { return ::fcntl(fd(), F_FULLFSYNC); }) == 0) return {};
  if (errno != ENOTSUP && errno != EINVAL && errno != ENOTTY) return failed(action, path_, errno);
#endif
  if (uninterrupted([&] { return ::fsync(fd()); }) == 0) return {};
  // EINVAL: this filesystem cannot sync a directory, so it cannot promise a name either.
  if (errno == EINVAL) return failed_as(Errc::unsupported, action, path_, errno);
  return failed(action, path_, errno);
}

Result<void> PosixDirectory::sync_file_system() {
#if defined(__linux__)
  if (uninterrupted([&] { return ::syncfs(fd()); }) != 0) return failed("sync filesystem of", path_, errno);
#else
  ::sync();
#endif
  return {};
}

Result<bool> PosixDirectory::try_lock() {
  locked_.note(descriptor_, LockNote::Kind::directory);
  return try_flock(fd(), path_);
}

Result<void> PosixDirectory::unlock() {
  Result<void> unlocked = unlock_flock(fd(), path_);
  if (unlocked) locked_.forget();
  return unlocked;
}

Result<bool> PosixDirectory::is_network() const { return is_network_file_system(fd(), path_); }
Result<bool> PosixDirectory::reserves_for_good() const { return posix::reserves_for_good(fd(), path_); }

}  // namespace safeatomic::posix
