#pragma once
// Tells files and directories apart, whatever they are called.

#include <sys/stat.h>

#include <filesystem>
#include <optional>

namespace datawal::cli {

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

[[nodiscard]] Identity identity_of(const struct stat& info) noexcept;

/// Of what that name leads to; nullopt if there is nothing.
[[nodiscard]] std::optional<Identity> identity_of(const std::filesystem::path& path);

}  // namespace datawal::cli
