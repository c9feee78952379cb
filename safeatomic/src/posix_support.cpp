#include "posix_support.hpp"

namespace safeatomic::posix {
namespace {

#if defined(__APPLE__)
const timespec& modified(const struct stat& status) noexcept { return status.st_mtimespec; }
#else
const timespec& modified(const struct stat& status) noexcept { return status.st_mtim; }
#endif

/// Years before 1678 and after 2262, which a filesystem may well show, become the first and the last that fit.
std::int64_t nanoseconds(const timespec& time) noexcept {
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max() / second;
  if (time.tv_sec >= last) return std::numeric_limits<std::int64_t>::max();
  if (time.tv_sec < -last) return std::numeric_limits<std::int64_t>::min();
  return std::int64_t{time.tv_sec} * second + time.tv_nsec;
}

FileKind kind_of(mode_t mode) noexcept {
  if (S_ISREG(mode)) return FileKind::regular;
  return S_ISDIR(mode) ? FileKind::directory : FileKind::other;
}

}  // namespace

FileInfo to_info(const struct stat& status) noexcept {
  return {
      .kind = kind_of(status.st_mode),
      .device = static_cast<std::uint64_t>(status.st_dev),
      .inode = static_cast<std::uint64_t>(status.st_ino),
      .size = static_cast<std::uint64_t>(status.st_size),
      .link_count = static_cast<std::uint64_t>(status.st_nlink),
      .modified_ns = nanoseconds(modified(status)),
      .mode = static_cast<std::uint32_t>(status.st_mode & 0777),
      .owner = static_cast<std::uint32_t>(status.st_uid),
      .group = static_cast<std::uint32_t>(status.st_gid),
  };
}

Result<FileInfo> info_of_descriptor(int fd, const std::filesystem::path& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failed("inspect", path, errno);
  return to_info(status);
}

}  // namespace safeatomic::posix
