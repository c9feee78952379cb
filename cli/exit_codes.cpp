#include "cli/exit_codes.hpp"

#include <cerrno>

namespace datawal::cli {

ExitCode exit_code_of(const Error& error) noexcept {
  switch (error.code) {
    case Errc::locked:
    case Errc::invalid_argument:
    case Errc::not_found:
    case Errc::already_exists:
    case Errc::snapshot_expired:
    case Errc::place_lost: return exit_usage;
    case Errc::io: return error.os_errno == ENOTDIR || error.os_errno == ENAMETOOLONG ? exit_usage : exit_damaged;
    case Errc::no_space:
    case Errc::corruption:
    case Errc::unsupported_version:
    case Errc::poisoned:
    case Errc::closed: return exit_damaged;
  }
  return exit_damaged;
}

}  // namespace datawal::cli
