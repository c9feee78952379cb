#pragma once
// The permissions of a file, and how to give another file the same.

#include <cstdint>
#include <string>

#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// Owner, group, permission bits and access control list of a file.
struct Access {
  std::uint32_t mode = 0;   ///< the nine permission bits; with a list, the middle three are its mask
  std::uint32_t owner = 0;  ///< user id
  std::uint32_t group = 0;  ///< group id
  std::string list = {};    ///< see File::access_control_list; empty: there is none

  /// Equal in every field.
  [[nodiscard]] bool operator==(const Access&) const = default;
};

/// What to do if the operating system does not let us keep all of it: another user's file, an owner without a number
/// in this user namespace, a mount with fixed permissions.
enum class KeepAccess : std::uint8_t {
  or_narrow,  ///< keep what is possible, narrow the rest so that nobody gains access: 0640 becomes 0600, 0644 stays
  exactly,    ///< fail with `permission` or `unsupported`
  if_possible,  ///< or_narrow, but continue if not even permission bits can be changed: the mount decides what 0600 becomes
};

/// Of an open file, also one opened with OpenMode::inspect.
[[nodiscard]] Result<Access> access_of(const File& file);

/// The permission bits that remain of `access` without its list, so that nobody gains: the group keeps what its own entry gave
/// and no named user lacked, the others what they had and nobody named lacked. A list that is not understood leaves only the
/// owner's bits.
[[nodiscard]] std::uint32_t mode_without_list(const Access& access) noexcept;

/// Gives `file` the access `like`; on the disk after sync_all. Removes a list that it inherited from its directory. Meant for a
/// new file of mode 0600: meanwhile it never grants more access than before or after.
[[nodiscard]] Result<void> give_access(File& file, const Access& like, KeepAccess keep = KeepAccess::or_narrow);

}  // namespace safeatomic
