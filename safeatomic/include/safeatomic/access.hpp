#pragma once
// Who may do what with a file, and how another file gets the same.

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

/// What to do where the operating system does not let us keep all of it: another user's file, an owner without a number
/// in this user namespace, a mount whose permissions are fixed.
enum class KeepAccess : std::uint8_t {
  or_narrow,  ///< keep what is possible, and narrow the rest to what nobody gains by: 0640 becomes 0600, 0644 stays
  exactly,    ///< fail with `permission` or `unsupported`
  if_possible,  ///< or_narrow, but go on where not even permission bits can be changed: they are what the mount makes of 0600
};

/// Of an open file, also one opened with OpenMode::inspect.
[[nodiscard]] Result<Access> access_of(const File& file);

/// The permission bits that are left of `access` if its list is taken away and nobody may gain: the group has what its own
/// entry gave and no named user lacked, the others what they had and nobody named lacked. A list that is not understood leaves
/// the owner's bits.
[[nodiscard]] std::uint32_t mode_without_list(const Access& access) noexcept;

/// Gives `file` the access `like`; on the disk after sync_all. A list that it has inherited from its directory is gone. Made for a
/// new file of mode 0600: it never has more access meanwhile than before or after.
[[nodiscard]] Result<void> give_access(File& file, const Access& like, KeepAccess keep = KeepAccess::or_narrow);

}  // namespace safeatomic
