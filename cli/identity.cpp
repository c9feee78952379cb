#include "cli/identity.hpp"

namespace datawal::cli {

Identity identity_of(const struct stat& info) noexcept { return {.device = info.st_dev, .inode = info.st_ino}; }

std::optional<Identity> identity_of(const std::filesystem::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return identity_of(info);
}

}  // namespace datawal::cli
