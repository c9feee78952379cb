#include <safeatomic/error.hpp>

#include <cerrno>
#include <cstring>
#include <system_error>

// Elsewhere __GLIBC_PREREQ is not even a macro.
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 32)
#define SAFEATOMIC_HAS_STRERRORNAME
#endif
#endif

namespace safeatomic {
namespace {

std::string_view reason_of(Errc code) noexcept {
  switch (code) {
    case Errc::io: return "input/output failed";
    case Errc::no_space: return "no space is left";
    case Errc::not_found: return "it does not exist";
    case Errc::already_exists: return "the name is taken";
    case Errc::permission: return "permission denied";
    case Errc::not_regular: return "it is not a regular file";
    case Errc::unsupported: return "the filesystem cannot do it";
    case Errc::other_filesystem: return "it lies on another filesystem";
    case Errc::interrupted: return "interrupted before anything happened";
    case Errc::invalid_argument: return "invalid argument";
    case Errc::busy:
      return "it is a mount point, which cannot be replaced: mount the directory that holds the file instead";
  }
  return "unknown reason";
}

std::string describe(int os_errno) {
#if defined(SAFEATOMIC_HAS_STRERRORNAME)
  const char* const text = strerrordesc_np(os_errno);
  const char* const name = strerrorname_np(os_errno);
  if (text != nullptr && name != nullptr) return std::string(text) + " (" + name + ")";
#endif
  return std::generic_category().message(os_errno) + " (errno " + std::to_string(os_errno) + ")";
}

}  // namespace

std::string Error::message() const {
  std::string text = "cannot ";
  text += action.empty() ? std::string_view("finish") : action;
  if (!path.empty()) text += " " + path.native();
  text += ": ";
  // The code says more than the number if several numbers mean it (ELOOP, EISDIR, ENXIO: not a regular file).
  const bool code_says_more = code == Errc::not_regular || code == Errc::busy;
  if (os_errno == 0 || code_says_more) text += reason_of(code);
  if (os_errno == 0) return text;
  if (code_says_more) return text + ": " + describe(os_errno);
  return text + describe(os_errno);
}

Errc errc_of(int os_errno) noexcept {
  switch (os_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Errc::no_space;
    case ENOENT: return Errc::not_found;
    case EEXIST: return Errc::already_exists;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::permission;
    case EISDIR: return Errc::not_regular;
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
    case EOPNOTSUPP:
    case ENOSYS: return Errc::unsupported;
    case EBUSY: return Errc::busy;
    case EXDEV: return Errc::other_filesystem;
    case EINTR: return Errc::interrupted;
    case ENAMETOOLONG: return Errc::invalid_argument;
    default: return Errc::io;
  }
}

}  // namespace safeatomic
