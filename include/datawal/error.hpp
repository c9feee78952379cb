#pragma once
// Why a call failed: a code for programs, a place and a sentence for people.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace safeatomic {
struct Error;
}

namespace datawal {

/// Stable codes: callers switch on them, the program maps them to its exit status. What each means, what is lost and what to do next:
/// docs/TROUBLE.md, by these names.
enum class Errc : std::uint8_t {
  io,          ///< the operating system failed; `os_errno` says how
  no_space,    ///< no room on the disk; nothing of the failed call stays and the handle is usable once there is
  locked,      ///< another handle holds the directory's lock; `detail` names the holder
  corruption,  ///< stored bytes are not what was promised; nothing was changed. `datawal repair` is the way out
  unsupported_version,  ///< a record of a newer format; nothing was changed
  invalid_argument,     ///< the call cannot be carried out as asked; nothing was changed
  not_found,            ///< there is no such record, file or directory
  already_exists,       ///< the target exists and would have to be overwritten
  snapshot_expired,     ///< what this reader holds was replaced; call refresh() or open again
  poisoned,             ///< a write or sync failed earlier (the error names the first cause); reopen to recover
  closed,               ///< the handle was closed, moved from, or belongs to the process that forked this one
  place_lost =
      12,  ///< the record after which reading should continue is gone: trimmed, compacted, or taken back by a loss of
           ///< power; refresh() does not bring it back. Follower continues by itself
};

/// The code's name as written above: "no_space".
[[nodiscard]] std::string_view name_of(Errc code) noexcept;

/// One failed call.
struct Error {
  Errc code = Errc::io;          ///< what to switch on
  std::string_view action{};     ///< static text: "sync segment"
  std::filesystem::path path{};  ///< the file or directory concerned; empty if none
  std::uint32_t segment = 0;     ///< 0 if none
  std::uint64_t offset = 0;      ///< bytes from the start of the segment
  int os_errno = 0;      ///< set if the operating system refused; EDEADLK with `locked`: this process holds the lock
  std::string detail{};  ///< what exactly is wrong, e.g. "checksum mismatch"; may be empty

  /// One sentence: what was tried, where, why it failed, and what to do about it.
  [[nodiscard]] std::string message() const;
};

/// Turns an error of `safeatomic`, or of a filesystem below it, into one of this library: same place and reason.
/// @param action  static text that replaces its own, unless it is empty
[[nodiscard, gnu::cold]] Error error_of(const safeatomic::Error& failed, std::string_view action = {});

template <class T>
using Result = std::expected<T, Error>;

/// The Result of a question. A successful call is easily mistaken for a yes, so `if (kv->contains(key))` and `if (kv->get(key))`,
/// which would hold for absent keys too, do not compile. An Answer<bool> has no conversion to bool at all:
///
///     if (kv->contains(key) == true) ...             // there; false where it is absent, and where the call failed
///     if (auto there = kv->contains(key); there.has_value()) use(*there); else return propagate(there);
///     if (auto value = kv->get(key); !value) return propagate(value); else if (*value) use(**value);
///
/// Otherwise as Result<T>, to which it converts.
template <class T>
class [[nodiscard]] Answer : public Result<T> {
 public:
  // NOLINTBEGIN(google-explicit-constructor): as those of Result
  /// The same outcome.
  Answer(Result<T> result) noexcept(std::is_nothrow_move_constructible_v<Result<T>>) : Result<T>(std::move(result)) {}
  /// The call failed.
  Answer(std::unexpected<Error> error) noexcept : Result<T>(std::move(error)) {}
  /// The call succeeded.
  Answer(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : Result<T>(std::in_place, std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  /// True if the call succeeded; not for Answer<bool>, nor for a temporary.
  explicit operator bool() const& noexcept
    requires(!std::is_same_v<T, bool>)
  {
    return this->has_value();
  }
  explicit operator bool() const& = delete;   // ask has_value(), and then *answer; or compare with true
  explicit operator bool() const&& = delete;  // keep it: auto value = kv->get(key); if (value && *value)

  /// True if the call succeeded and its answer is `value`.
  friend bool operator==(const Answer& answer, const T& value) { return answer.has_value() && *answer == value; }
};

/// Passes a failed result on as the error of another one.
template <class T>
[[nodiscard, gnu::cold]] std::unexpected<Error> propagate(const Result<T>& failed) {
  return std::unexpected<Error>(failed.error());
}

}  // namespace datawal
