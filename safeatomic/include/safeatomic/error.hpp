#pragma once
// Errors below the log: one code for programs, one sentence for people.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace safeatomic {

/// Stable codes. `os_errno` in Error is the operating system's own reason, if there is one.
enum class Errc : std::uint8_t {
  io,                ///< the operating system refused, for any other reason
  no_space,          ///< ENOSPC or EDQUOT: there is no room
  not_found,         ///< the name does not exist
  already_exists,    ///< the name is taken
  permission,        ///< EACCES, EPERM or EROFS
  not_regular,       ///< a symbolic link, FIFO, device, socket or directory where a regular file belongs
  unsupported,       ///< this filesystem cannot do it (EOPNOTSUPP, ENOSYS)
  other_filesystem,  ///< EXDEV: the two names lie on different filesystems
  interrupted,       ///< EINTR: nothing happened, do it again
  invalid_argument,  ///< the caller's mistake, found before anything was touched
  busy,              ///< EBUSY: the name is a mount point, such as a single file mounted into a container
};

/// One failed operation.
struct Error {
  Errc code = Errc::io;        ///< what to switch on
  std::string_view action;     ///< static text: "sync directory"
  std::filesystem::path path;  ///< what it was done to; empty if nothing has a name
  int os_errno = 0;            ///< 0 if it was not the operating system that refused

  /// One sentence: what was tried, on what, and why it failed.
  [[nodiscard]] std::string message() const;
};

template <class T>
using Result = std::expected<T, Error>;

/// The code that stands for an errno.
[[nodiscard]] Errc errc_of(int os_errno) noexcept;

/// Passes a failed result on as the error of another one.
template <class T>
[[nodiscard, gnu::cold]] std::unexpected<Error> propagate(const Result<T>& failed) {
  return std::unexpected<Error>(failed.error());
}

}  // namespace safeatomic
