#pragma once
// Filesystems that only one child sees, and that vanish with it.

#include <sched.h>
#include <sys/mount.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/child.hpp"

namespace datawal::test {

/// What is mounted from here on is seen by this process alone. To be called in a child.
inline bool leave_mount_namespace() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

inline void must_leave_mount_namespace() {
  if (!leave_mount_namespace()) throw std::runtime_error("no mount namespace of our own");
}

/// `options`: "size=256k", "nr_inodes=20".
inline void mount_tmpfs(const std::filesystem::path& where, const std::string& options) {
  if (::mount("tmpfs", where.c_str(), "tmpfs", 0, options.c_str()) != 0) throw std::runtime_error("no tmpfs");
}

/// Shows `where` again at the same place, read-only.
inline void make_read_only(const std::filesystem::path& where) {
  if (::mount(where.c_str(), where.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, where.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
    throw std::runtime_error("no read-only mount");
  }
}

/// A filesystem of so many MiB, made by `mkfs` in the new file `image` and mounted on `where`.
inline bool mount_image(const std::string& mkfs, const std::filesystem::path& image, const std::filesystem::path& where,
                        int size_mib, const std::string& options = "loop") {
  const std::string file = "'" + image.string() + "'";
  const std::string command = "exec >/dev/null 2>&1; PATH=$PATH:/usr/sbin:/sbin; truncate -s " +
                              std::to_string(size_mib) + "M " + file + " && " + mkfs + " " + file + " && mount -o " +
                              options + " " + file + " '" + where.string() + "'";
  return std::system(command.c_str()) == 0;
}

inline bool mount_ext4(const std::filesystem::path& image, const std::filesystem::path& where, int size_mib) {
  return mount_image("mkfs.ext4 -q -F -m 0", image, where, size_mib);
}

/// As small as it is, mkfs.xfs makes it for tests only.
inline bool mount_xfs(const std::filesystem::path& image, const std::filesystem::path& where, int size_mib) {
  return mount_image("mkfs.xfs --unsupported -q -f", image, where, size_mib);
}

/// Why a test that mounts must be skipped here; empty if it need not.
inline std::string why_no_mounts() {
  static const std::string reason = why_not("a mount namespace of its own", [] { return leave_mount_namespace(); });
  return reason;
}

}  // namespace datawal::test
