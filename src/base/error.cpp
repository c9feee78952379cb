#include <datawal/error.hpp>

#include <cerrno>
#include <system_error>

#include <datawal/text.hpp>

namespace datawal {
namespace {

// The store of an error, for commands that take its directory.
std::string store_of(const std::filesystem::path& path) {
  if (path.empty()) return "DIR";
  const std::string name = path.filename().string();
  const bool is_file = name.ends_with(".dwal") || name == ".watermark" || name == ".lock" || name == ".holds";
  if (!is_file) return shell_word(path);
  return path.has_parent_path() ? shell_word(path.parent_path()) : ".";
}

std::string_view default_reason(Errc code) noexcept {
  switch (code) {
    case Errc::io: return "the operating system refused";
    case Errc::no_space: return "there is no room";
    case Errc::locked: return "another process holds the lock";
    case Errc::corruption: return "the stored bytes are damaged";
    case Errc::unsupported_version: return "it was written by a newer version";
    case Errc::invalid_argument: return "it cannot be done as asked";
    case Errc::not_found: return "it is not there";
    case Errc::already_exists: return "it is there already";
    case Errc::snapshot_expired: return "the files of this snapshot were replaced";
    case Errc::poisoned: return "an earlier write or sync failed";
    case Errc::closed: return "the handle was closed, or belongs to another process";
    case Errc::place_lost: return "the record that was read last is not there any more";
  }
  return "unknown reason";
}

std::string reason_of(const Error& error) {
  const bool is_told = error.os_errno != 0 && error.code != Errc::locked;
  const std::string os_text = is_told ? std::generic_category().message(error.os_errno) : std::string();
  if (error.detail.empty()) return os_text.empty() ? std::string(default_reason(error.code)) : os_text;
  return os_text.empty() ? error.detail : error.detail + " (" + os_text + ")";
}

std::string_view io_advice(int os_errno) noexcept {
  switch (os_errno) {
    case EACCES:
    case EPERM: return "check the owner and the permissions of the file and of its directories";
    case EROFS: return "the filesystem is mounted read-only: mount it for writing, or open a reader";
    case EMFILE:
    case ENFILE: return "raise the limit of open files, then try again";
    case ENOTDIR:
    case ELOOP: return "check the path: a part of it is not a directory";
    case ENAMETOOLONG: return "choose a shorter name";
    case EISDIR: return "name a file, not a directory";
    case EFBIG: return "raise the limit on the size of files, then try again";
    case ENOMEM:
    case EAGAIN: return "the system is short of memory or of processes: try again when it is not";
    case EINTR: return "try again";
    case EBUSY:
    case ETXTBSY: return "something else uses it: try again when it does not";
    case EXDEV: return "choose a place on the same filesystem";
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP: return "this filesystem cannot do it: choose a place on another one";
    default: return "check the disk and the system's log, then try again";
  }
}

std::string_view no_space_advice(int os_errno) noexcept {
  if (os_errno != EFBIG) return "free room on that filesystem, then go on";
  return "raise the limit on the size of files (ulimit -f, RLIMIT_FSIZE) or keep segments below it "
         "(max_segment_bytes), then "
         "rotate and go on";
}

std::string advice_for(const Error& error) {
  switch (error.code) {
    case Errc::io: return std::string(io_advice(error.os_errno));
    case Errc::no_space: return std::string(no_space_advice(error.os_errno));
    case Errc::locked:
      return error.os_errno == EDEADLK ? "use that handle, or close it first" : "wait for that process or end it";
    case Errc::corruption: {
      if (error.path.filename() == ".index") return "nothing was changed of the log, which has all that the index has";
      if (error.path.filename() == ".holds") {
        return "reading and writing go on: remove it, then let each consumer set its hold again (`datawal hold " +
               store_of(error.path) + " NAME TXID`) before the next compaction";
      }
      const std::string store = store_of(error.path);
      return "nothing was changed: run `datawal verify " + store + "`, then `datawal repair " + store +
             " --salvage OUT`, which loses the damaged places alone; `datawal repair " + store +
             "` sets everything behind the first of them aside; or restore a backup";
    }
    case Errc::unsupported_version: return "nothing was changed: use a newer datawal";
    case Errc::invalid_argument: return "nothing was changed: correct that and try again";
    case Errc::not_found: return error.segment != 0 ? "look the record up again, it may have moved" : "check the path";
    case Errc::already_exists: return "choose another name, or move what is there out of the way";
    case Errc::snapshot_expired: return "call refresh(), or open again";
    case Errc::poisoned: return "close the handle and open the store again to recover";
    case Errc::closed: return "open the store in this process";
    case Errc::place_lost: return "go on with what is there now";
  }
  return "see the documentation";
}

// An offset of 0 is a place only if bytes were judged; otherwise it means that none is known.
std::string place_of(const Error& error) {
  if (error.segment == 0) return {};
  const bool has_offset = error.offset != 0 || error.code == Errc::corruption ||
                          error.code == Errc::unsupported_version;
  std::string place = " (segment " + std::to_string(error.segment);
  if (has_offset) place += ", offset " + std::to_string(error.offset);
  return place + ")";
}

}  // namespace

std::string_view name_of(Errc code) noexcept {
  switch (code) {
    case Errc::io: return "io";
    case Errc::no_space: return "no_space";
    case Errc::locked: return "locked";
    case Errc::corruption: return "corruption";
    case Errc::unsupported_version: return "unsupported_version";
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::not_found: return "not_found";
    case Errc::already_exists: return "already_exists";
    case Errc::snapshot_expired: return "snapshot_expired";
    case Errc::poisoned: return "poisoned";
    case Errc::closed: return "closed";
    case Errc::place_lost: return "place_lost";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string text = "cannot ";
  text += action.empty() ? std::string_view("go on") : action;
  if (!path.empty()) text.append(" ").append(shell_word(path));
  text.append(place_of(*this));
  text.append(": ").append(reason_of(*this));
  text.append("; ").append(advice_for(*this));
  return text;
}

}  // namespace datawal
