#include <safeatomic/access.hpp>

#include <utility>

namespace safeatomic {
namespace {

// The extended attribute of Linux: a version, then entries of a tag, rights and an id, little-endian.
constexpr std::size_t version_len = 4;
constexpr std::size_t entry_len = 8;
constexpr std::uint32_t known_version = 2;
enum Tag : std::uint32_t {
  owner_entry = 1,
  user_entry = 2,
  group_entry = 4,
  named_group_entry = 8,
  mask_entry = 16,
  others_entry = 32
};

std::uint32_t number_at(std::string_view bytes, std::size_t offset, std::size_t size) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

/// What the entries of a list grant.
struct Rights {
  std::uint32_t group = 0;
  std::uint32_t mask = 7;
  std::uint32_t every_named_user = 7;
  std::uint32_t every_named_group = 7;
};

/// False for a list of unknown form.
bool read_list(std::string_view list, Rights& rights) noexcept {
  if (list.size() < version_len || (list.size() - version_len) % entry_len != 0) return false;
  if (number_at(list, 0, version_len) != known_version) return false;
  for (std::size_t at = version_len; at < list.size(); at += entry_len) {
    const std::uint32_t bits = number_at(list, at + 2, 2) & 7U;
    switch (number_at(list, at, 2)) {
      case owner_entry:
      case others_entry: break;  // the mode has them
      case user_entry: rights.every_named_user &= bits; break;
      case group_entry: rights.group = bits; break;
      case named_group_entry: rights.every_named_group &= bits; break;
      case mask_entry: rights.mask = bits; break;
      default: return false;
    }
  }
  return true;
}

bool was_refused(const Result<void>& result) noexcept {
  return !result && (result.error().code == Errc::permission || result.error().code == Errc::unsupported);
}

Result<void> give_exactly(File& file, const Access& access) {
  // The list brings the other bits with it. Without a list the middle ones are the group's, not a mask.
  const std::uint32_t mode = access.list.empty() ? access.mode : access.mode & 0700U;
  const FileInfo like{.mode = mode, .owner = access.owner, .group = access.group};
  const Result<void> copied = file.copy_ownership(like);
  if (!copied || access.list.empty()) return copied;
  return file.set_access_control_list(access.list);
}

/// Gives access without the list, keeping what the operating system allows of owner and group.
Result<void> give_less(File& file, const Access& access) {
  const Result<FileInfo> own = file.info();
  if (!own) return propagate(own);
  Access kept{.mode = mode_without_list(access), .owner = access.owner, .group = access.group, .list = {}};
  if (!access.list.empty()) {  // perhaps only the list was refused
    const Result<void> without_list = give_exactly(file, kept);
    if (!was_refused(without_list)) return without_list;
  }
  const std::uint32_t owner_bits = (kept.mode >> 6) & 7;
  const std::uint32_t group_bits = (kept.mode >> 3) & 7;
  const std::uint32_t other_bits = kept.mode & 7;

  // We stay the owner: the former one becomes a member of the group or one of the others.
  kept.owner = own->owner;
  const std::uint32_t common_to_owner = own->owner == access.owner ? 7 : owner_bits;
  kept.mode = owner_bits << 6 | (group_bits & common_to_owner) << 3 | (other_bits & common_to_owner);
  const Result<void> with_group = give_exactly(file, kept);
  if (!was_refused(with_group)) return with_group;

  // Not even the group is kept: each of the two classes may now hold members of the other.
  kept.group = own->group;
  const std::uint32_t common = group_bits & other_bits & common_to_owner;
  kept.mode = owner_bits << 6 | common << 3 | common;
  return give_exactly(file, kept);
}

}  // namespace

Result<Access> access_of(const File& file) {
  const Result<FileInfo> info = file.info();
  if (!info) return propagate(info);
  Result<std::string> list = file.access_control_list();
  if (!list) return propagate(list);
  return Access{.mode = info->mode, .owner = info->owner, .group = info->group, .list = std::move(*list)};
}

std::uint32_t mode_without_list(const Access& access) noexcept {
  if (access.list.empty()) return access.mode;
  Rights rights;
  if (!read_list(access.list, rights)) return access.mode & 0700U;
  // Named users become members of the group or others.
  const std::uint32_t named_users = rights.every_named_user & rights.mask;
  const std::uint32_t named_groups = rights.every_named_group & rights.mask;
  const std::uint32_t group = rights.group & named_users;
  const std::uint32_t others = access.mode & named_users & named_groups & 7U;
  return (access.mode & 0700U) | group << 3 | others;
}

Result<void> give_access(File& file, const Access& like, KeepAccess keep) {
  const Result<void> exact = give_exactly(file, like);
  if (!was_refused(exact) || keep == KeepAccess::exactly) return exact;
  const Result<void> less = give_less(file, like);
  if (was_refused(less) && keep == KeepAccess::if_possible) return {};
  return less;
}

}  // namespace safeatomic
