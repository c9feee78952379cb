#include "posix_file.hpp"

#if defined(__linux__)

#include <sys/xattr.h>

#include <array>
#include <cstdio>

namespace safeatomic::posix {
namespace {

constexpr const char* attribute = "system.posix_acl_access";

/// Works for a descriptor that was opened only to inspect the file (O_PATH), too: for those only the path below /proc does.
ssize_t read_list(int fd, char* into, std::size_t size) noexcept {
  const ssize_t direct = ::fgetxattr(fd, attribute, into, size);
  if (direct >= 0 || errno != EBADF) return direct;
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
  return ::getxattr(path.data(), attribute, into, size);
}

bool means_none(int os_errno) noexcept { return os_errno == ENODATA || os_errno == EOPNOTSUPP || os_errno == ENOSYS; }

}  // namespace

bool has_access_control_list(int fd) noexcept { return read_list(fd, nullptr, 0) >= 0 || !means_none(errno); }

Result<bool> drop_access_control_list(int fd, const std::filesystem::path& path) {
  if (!has_access_control_list(fd)) return false;
  if (::fremovexattr(fd, attribute) == 0) return true;
  if (means_none(errno)) return false;
  return failed("remove access control list of", path, errno);
}

Result<std::string> PosixFile::access_control_list() const {
  constexpr std::string_view action = "read access control list of";
  while (true) {
    const ssize_t size = read_list(fd(), nullptr, 0);
    if (size < 0 && means_none(errno)) return std::string();
    if (size < 0) return failed(action, path_, errno);
    std::string list(static_cast<std::size_t>(size), '\0');
    const ssize_t count = read_list(fd(), list.data(), list.size());
    if (count >= 0) {
      list.resize(static_cast<std::size_t>(count));
      return list;
    }
    if (means_none(errno)) return std::string();
    if (errno != ERANGE) return failed(action, path_, errno);  // it has grown between the two calls
  }
}

Result<void> PosixFile::set_access_control_list(std::string_view list) {
  constexpr std::string_view action = "set access control list of";
  if (::fsetxattr(fd(), attribute, list.data(), list.size(), 0) == 0) return {};
  // EINVAL: a user that this user namespace has no number for.
  if (errno == EINVAL) return failed_as(Errc::permission, action, path_, errno);
  return failed(action, path_, errno);
}

}  // namespace safeatomic::posix

#else

namespace safeatomic::posix {

bool has_access_control_list(int) noexcept { return false; }

Result<bool> drop_access_control_list(int, const std::filesystem::path&) { return false; }

Result<std::string> PosixFile::access_control_list() const { return std::string(); }

Result<void> PosixFile::set_access_control_list(std::string_view) {
  return failed("set access control list of", path_, ENOSYS);
}

}  // namespace safeatomic::posix

#endif
