#include "access_lists.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "child_process.hpp"

namespace safeatomic::test {
namespace {

void put(std::string& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFF);
}

const char* attribute_of(AclKind kind) {
  return kind == AclKind::access ? "system.posix_acl_access" : "system.posix_acl_default";
}

bool can_open(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

std::string encode_list(std::span<const AclEntry> entries) {
  std::string bytes;
  put(bytes, 2, 4);  // the version
  for (const AclEntry& entry : entries) {
    put(bytes, static_cast<std::uint16_t>(entry.tag), 2);
    put(bytes, entry.rights, 2);
    put(bytes, entry.id, 4);
  }
  return bytes;
}

bool set_list(const std::filesystem::path& path, AclKind kind, std::span<const AclEntry> entries) {
  const std::string bytes = encode_list(entries);
  return ::setxattr(path.c_str(), attribute_of(kind), bytes.data(), bytes.size(), 0) == 0;
}

std::optional<std::string> list_of(const std::filesystem::path& path, AclKind kind) {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::getxattr(path.c_str(), attribute_of(kind), buffer.data(), buffer.size());
  if (size < 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::string rights_of(std::uint32_t uid, std::uint32_t gid, const std::filesystem::path& path) {
  return in_child([&]() -> std::string {
    if (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) return "still root";
    std::string rights;
    if (can_open(path, O_RDONLY)) rights += "r";
    if (can_open(path, O_WRONLY)) rights += "w";
    return rights;
  });
}

}  // namespace safeatomic::test
