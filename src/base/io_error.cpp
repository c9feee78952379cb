#include "base/io_error.hpp"

namespace datawal {
namespace {

Errc code_of(safeatomic::Errc code) noexcept {
  switch (code) {
    case safeatomic::Errc::no_space: return Errc::no_space;
    case safeatomic::Errc::not_found: return Errc::not_found;
    case safeatomic::Errc::already_exists: return Errc::already_exists;
    case safeatomic::Errc::not_regular: return Errc::invalid_argument;
    case safeatomic::Errc::io:
    case safeatomic::Errc::permission:
    case safeatomic::Errc::unsupported:
    case safeatomic::Errc::other_filesystem:
    case safeatomic::Errc::interrupted:
    case safeatomic::Errc::invalid_argument:
    case safeatomic::Errc::busy: break;
  }
  return Errc::io;
}

// The text of an errno says enough, except for not_regular, whose errno (ELOOP, ENXIO) explains nothing.
std::string_view detail_of(const safeatomic::Error& error) noexcept {
  if (error.code == safeatomic::Errc::not_regular) return "it is not a regular file";
  if (error.code == safeatomic::Errc::busy) return "it is a mount point: mount the directory that holds it instead";
  if (error.os_errno != 0) return {};
  switch (error.code) {
    case safeatomic::Errc::unsupported: return "this filesystem cannot do it";
    case safeatomic::Errc::other_filesystem: return "the two names lie on different filesystems";
    case safeatomic::Errc::permission: return "permission denied";
    case safeatomic::Errc::interrupted: return "interrupted";
    case safeatomic::Errc::invalid_argument: return "invalid argument";
    default: return {};
  }
}

}  // namespace

Error error_of(const safeatomic::Error& error, std::string_view action) {
  return {.code = code_of(error.code),
          .action = action.empty() ? error.action : action,
          .path = error.path,
          .os_errno = error.code == safeatomic::Errc::not_regular ? 0 : error.os_errno,
          .detail = std::string(detail_of(error))};
}

}  // namespace datawal
