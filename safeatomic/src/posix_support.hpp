#pragma once
// What the POSIX classes share: the descriptor, the error, the repetition of interrupted calls.

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <safeatomic/error.hpp>
#include <safeatomic/file_system.hpp>

namespace safeatomic::posix {

/// While it lives, this thread is not cancelled: its cancellation waits for the first cancellation point afterwards. Most
/// system calls are such points, and a thread that ended inside one would lose its result: whether a sync failed, which file
/// was just opened.
class CancellationOff {
 public:
  CancellationOff() noexcept { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  CancellationOff(const CancellationOff&) = delete;
  CancellationOff& operator=(const CancellationOff&) = delete;
  ~CancellationOff() {
    if (before_ != PTHREAD_CANCEL_DISABLE) ::pthread_setcancelstate(before_, nullptr);
  }

 private:
  int before_ = PTHREAD_CANCEL_DISABLE;
};

/// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ < 0) return;
    const CancellationOff off;
    ::close(fd_);  // never repeated: after EINTR the number may already be somebody else's
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// These take their path by reference: making one in the argument list could change errno before it is read.

/// A failure with a code that says more than the number. Without memory for the path it goes without the path: the system's
/// answer about a sync or a write must not be lost.
[[nodiscard]] inline std::unexpected<Error> failed_as(Errc code, std::string_view action,
                                                      const std::filesystem::path& path, int os_errno) noexcept {
  std::unexpected<Error> failure(Error{code, action, {}, os_errno});
  try {
    failure.error().path = path;
  } catch (const std::bad_alloc&) {
    failure.error().path.clear();
  }
  return failure;
}

[[nodiscard]] inline std::unexpected<Error> failed(std::string_view action, const std::filesystem::path& path,
                                                   int os_errno) noexcept {
  return failed_as(errc_of(os_errno), action, path, os_errno);
}

/// A failure with `name` in `directory`.
[[nodiscard]] inline std::unexpected<Error> failed(std::string_view action, const std::filesystem::path& directory,
                                                   std::string_view name, int os_errno) {
  return failed(action, directory / name, os_errno);
}

/// Makes a call during which this thread is not cancelled.
template <class Call>
auto uncancelled(Call call) {
  const CancellationOff off;
  return call();
}

/// Repeats a call that returns -1 and sets errno until no signal interrupts it; the thread is not cancelled meanwhile.
template <class Call>
auto uninterrupted(Call call) {
  const CancellationOff off;
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

/// Offsets that `off_t` cannot hold become -1, which every call refuses.
[[nodiscard]] inline off_t to_off(std::uint64_t offset) noexcept {
  constexpr auto offset_max = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
  return offset > offset_max ? off_t{-1} : static_cast<off_t>(offset);
}

/// `openat`, for every file and directory that this library opens. The descriptor is never one of the three standard ones, even
/// if the program has closed these: otherwise its output would go into a segment. Closed ones are first taken, for good, by
/// something that can be neither read nor written. Sets errno if it fails.
/// @param directory  or AT_FDCWD
[[nodiscard]] Descriptor open_at(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

[[nodiscard]] FileInfo to_info(const struct stat& status) noexcept;
[[nodiscard]] Result<FileInfo> info_of_descriptor(int fd, const std::filesystem::path& path);

/// An exclusive `flock` without waiting; false if somebody holds it.
[[nodiscard]] Result<bool> try_flock(int fd, const std::filesystem::path& path);
[[nodiscard]] Result<void> unlock_flock(int fd, const std::filesystem::path& path);

/// A lock on the whole file that belongs to the open file, not to the process.
[[nodiscard]] Result<bool> try_record_lock(int fd, const std::filesystem::path& path);
[[nodiscard]] Result<void> unlock_record_lock(int fd, const std::filesystem::path& path);
[[nodiscard]] Result<bool> is_record_locked(int fd, const std::filesystem::path& path);

/// What statfs says of the filesystem that holds `fd`; see Directory::is_network and reserves_for_good.
[[nodiscard]] Result<bool> is_network_file_system(int fd, const std::filesystem::path& path);
[[nodiscard]] Result<bool> reserves_for_good(int fd, const std::filesystem::path& path);

/// True if the file has one, as far as that can be told.
[[nodiscard]] bool has_access_control_list(int fd) noexcept;

/// Removes the list that a file has inherited; false if it had none.
[[nodiscard]] Result<bool> drop_access_control_list(int fd, const std::filesystem::path& path);

[[nodiscard]] Result<std::unique_ptr<Mapping>> map_file(int fd, const std::filesystem::path& path, MapAccess access,
                                                        std::uint64_t offset, std::size_t length);

}  // namespace safeatomic::posix
