#pragma once
// What a call can say other than "done": a code for programs, a place and a sentence for people.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace datawal {

/// Stable codes: callers switch on them, the program maps them to its exit status.
enum class Errc : std::uint8_t {
  io,          ///< the operating system failed; `os_errno` says how
  no_space,    ///< no room on the disk; nothing of the failed call stays and the handle is usable once there is
  locked,      ///< another handle holds the directory's lock; `detail` names the holder
  corruption,  ///< stored bytes are not what was promised; nothing was changed. `datawal repair` is the way out
  unsupported_version,  ///< a record of a newer format; nothing was changed
  invalid_argument,     ///< the call cannot be carried out as asked; nothing was changed
  not_found,            ///< there is no such record, file or directory
  already_exists,       ///< the target is there and would have to be overwritten
  snapshot_expired,     ///< what this reader holds was replaced; call refresh() or open again
  poisoned,             ///< an earlier failed write or sync (the first cause is told); reopen to recover
  closed,               ///< the handle was closed, moved from, or belongs to the process that forked this one
  place_lost =
      12,  ///< the record after which reading was to go on is not there any more: trimmed, compacted, or taken back with
           ///< the power; refresh() does not bring it back. Follower goes on by itself
};

/// The code's name as it stands above: "no_space".
[[nodiscard]] std::string_view name_of(Errc code) noexcept;

/// One failed call.
struct Error {
  Errc code = Errc::io;          ///< what to switch on
  std::string_view action{};     ///< static text: "sync segment"
  std::filesystem::path path{};  ///< the file or directory concerned; empty if none
  std::uint32_t segment = 0;     ///< 0 if none
  std::uint64_t offset = 0;      ///< bytes from the start of the segment
  int os_errno = 0;      ///< set where the operating system said no; EDEADLK with `locked`: this process holds the lock
  std::string detail{};  ///< what exactly is wrong, e.g. "checksum mismatch"; may be empty

  /// One sentence: what was tried, where, why it failed, and what to do about it.
  [[nodiscard]] std::string message() const;
};

template <class T>
using Result = std::expected<T, Error>;

/// Passes a failed result on as the error of another one.
template <class T>
[[nodiscard, gnu::cold]] std::unexpected<Error> propagate(const Result<T>& failed) {
  return std::unexpected<Error>(failed.error());
}

}  // namespace datawal
