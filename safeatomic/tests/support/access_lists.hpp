#pragma once
// Access control lists as Linux keeps them, without libacl.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace safeatomic::test {

enum class AclTag : std::uint16_t { owner = 1, user = 2, group = 4, named_group = 8, mask = 16, others = 32 };

struct AclEntry {
  AclTag tag = AclTag::owner;
  unsigned rights = 0;     ///< 4 read, 2 write, 1 execute
  std::uint32_t id = ~0U;  ///< of the named user or group
};

/// The bytes of the extended attribute. The entries must be in the order of their tags.
[[nodiscard]] std::string encode_list(std::span<const AclEntry> entries);

enum class AclKind : std::uint8_t { access, inherited };

/// False where the filesystem keeps no lists.
[[nodiscard]] bool set_list(const std::filesystem::path& path, AclKind kind, std::span<const AclEntry> entries);

/// The bytes, nullopt if there is none.
[[nodiscard]] std::optional<std::string> list_of(const std::filesystem::path& path, AclKind kind = AclKind::access);

/// What user `uid` with the one group `gid` may do to a file: "", "r", "w" or "rw". Asks the kernel, in a child; only root can ask.
[[nodiscard]] std::string rights_of(std::uint32_t uid, std::uint32_t gid, const std::filesystem::path& path);

}  // namespace safeatomic::test
