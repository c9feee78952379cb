#pragma once
// What the POSIX classes share: the descriptor, the error, the repetition of interrupted calls.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <safeatomic/error.hpp>
#include <safeatomic/file_system.hpp>

namespace safeatomic::posix {

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
    if (fd_ >= 0) ::close(fd_);  // never repeated: after EINTR the number may already be somebody else's
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

// These take their path by reference: making one in the argument list could change errno before it is read.

/// A failure under a code that says more than the number does.
[[nodiscard]] inline std::unexpected<Error> failed_as(Errc code, std::string_view action,
                                                      const std::filesystem::path& path, int os_errno) {
  return std::unexpected(Error{code, action, path, os_errno});
}

[[nodiscard]] inline std::unexpected<Error> failed(std::string_view action, const std::filesystem::path& path,
                                                   int os_errno) {
  return failed_as(errc_of(os_errno), action, path, os_errno);
}

/// Of `name` in `directory`.
[[nodiscard]] inline std::unexpected<Error> failed(std::string_view action, const std::filesystem::path& directory,
                                                   std::string_view name, int os_errno) {
  return failed(action, directory / name, os_errno);
}

/// Repeats a call that returns -1 and sets errno until no signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

/// Offsets that `off_t` cannot hold become -1, which every call refuses.
[[nodiscard]] inline off_t to_off(std::uint64_t offset) noexcept {
  constexpr auto offset_max = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
  return offset > offset_max ? off_t{-1} : static_cast<off_t>(offset);
}

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

/// Takes away the list that a file has inherited; false if it had none.
[[nodiscard]] Result<bool> drop_access_control_list(int fd, const std::filesystem::path& path);

[[nodiscard]] Result<std::unique_ptr<Mapping>> map_file(int fd, const std::filesystem::path& path, MapAccess access,
                                                        std::uint64_t offset, std::size_t length);

}  // namespace safeatomic::posix
