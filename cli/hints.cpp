#include "cli/hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <datawal/text.hpp>

namespace datawal::cli {
namespace {

using std::filesystem::path;

template <std::size_t count>
bool is_one_of(std::string_view command, const std::array<std::string_view, count>& names) {
  return std::ranges::find(names, command) != names.end();
}

// Commands that need a store with something in it: a new one would not help.
bool needs_what_is_there(std::string_view command) {
  constexpr std::array<std::string_view, 7> names = {"checkpoint", "compact", "delete", "diff",
                                                     "hold",       "repair",  "trim"};
  return is_one_of(command, names);
}

bool is_about_keys(std::string_view command) {
  constexpr std::array<std::string_view, 8> names = {"check", "delete", "diff", "export",
                                                     "get",   "import", "keys", "put"};
  return is_one_of(command, names);
}

// The path itself, or the lowest existing directory above it.
path lowest_there(path at) {
  for (;;) {
    std::error_code failed;
    if (std::filesystem::exists(std::filesystem::symlink_status(at, failed))) return at;
    if (!at.has_parent_path() || at.parent_path() == at) return ".";
    at = at.parent_path();
  }
}

std::string look_at(const path& at) {
  return fmt::format("`ls -la {}` shows what is there", shell_word(lowest_there(at)));
}

// Not for files in the store: looking at the whole store shows more.
bool is_elsewhere(const Error& error, const path& dir) {
  return !error.path.empty() && error.path != dir && error.path.parent_path() != dir;
}

std::string hint_for_io(const Error& error, const path& concerned) {
  switch (error.os_errno) {
    case EIO: return "`dmesg` shows what the system's log says";
    case EROFS: return fmt::format("`findmnt -T {}` shows how it is mounted", shell_word(lowest_there(concerned)));
    case EMFILE: return "`ulimit -n` shows that limit";
    case EFBIG: return "`ulimit -f` shows that limit";
    case EACCES:
    case EPERM: return fmt::format("`namei -l {}` shows them", shell_word(lowest_there(concerned)));
    default: return look_at(concerned);
  }
}

}  // namespace

std::string hint_to_make(const path& dir, std::string_view command) {
  if (needs_what_is_there(command)) return look_at(dir);
  if (is_about_keys(command)) return fmt::format("`datawal put {} --key KEY VALUE` makes a store", shell_word(dir));
  return fmt::format("`datawal append {}` makes a store", shell_word(dir));
}

std::string hint_for(const Error& error, const path& dir, std::string_view command) {
  const std::string store = shell_word(dir);
  const path& concerned = is_elsewhere(error, dir) ? error.path : dir;
  switch (error.code) {
    case Errc::corruption: return {};  // its message names them itself
    case Errc::unsupported_version: return "`datawal --version` tells which one this is";
    case Errc::locked:
      return is_about_keys(command) ? fmt::format("looking needs no lock: `datawal get {} --key KEY`", store)
                                    : fmt::format("looking needs no lock: `datawal tail {}`", store);
    case Errc::not_found: return is_elsewhere(error, dir) ? look_at(error.path) : hint_to_make(dir, command);
    case Errc::no_space:
      if (error.os_errno == EDQUOT) return "`quota` shows how much you may use";
      return fmt::format("`df {}` shows the room there is", shell_word(lowest_there(concerned)));
    case Errc::poisoned:
    case Errc::closed: return fmt::format("`datawal verify {}` tells what is there", store);
    case Errc::snapshot_expired: return fmt::format("run `datawal verify {}`, or the same command again", store);
    case Errc::place_lost: return fmt::format("`datawal scan {}` shows what is there", store);
    case Errc::io: return hint_for_io(error, error.path.empty() ? dir : error.path);
    case Errc::already_exists: return look_at(error.path.empty() ? dir : error.path);
    case Errc::invalid_argument: return error.path.empty() ? std::string() : look_at(error.path);
  }
  return {};
}

}  // namespace datawal::cli
