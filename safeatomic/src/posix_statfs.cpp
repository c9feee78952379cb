#include "posix_support.hpp"

#if defined(__linux__)

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace safeatomic::posix {
namespace {

// Missing from linux/magic.h, at least in some supported distribution.
constexpr std::uint32_t cifs_magic = 0xFF534D42;    // linux/magic.h since 5.17: CIFS_SUPER_MAGIC
constexpr std::uint32_t smb2_magic = 0xFE534D42;    // linux/magic.h since 5.17: SMB2_SUPER_MAGIC
constexpr std::uint32_t gfs2_magic = 0x01161970;    // linux/gfs2_ondisk.h: GFS2_MAGIC
constexpr std::uint32_t lustre_magic = 0x0BD00BD0;  // lustre_idl.h: LL_SUPER_MAGIC
constexpr std::uint32_t gpfs_magic = 0x47504653;    // "GPFS", as statfs(1) of coreutils names it
constexpr std::uint32_t beegfs_magic = 0x19830326;  // BeeGFS client module: BEEGFS_MAGIC
constexpr std::uint32_t orange_magic = 0x20030528;  // fs/orangefs/orangefs-kernel.h: ORANGEFS_SUPER_MAGIC
constexpr std::uint32_t vboxsf_magic = 0x786F4256;  // fs/vboxsf/super.c: VBOXSF_SUPER_MAGIC
constexpr std::uint32_t vmhgfs_magic = 0xBACBACBC;  // open-vm-tools: HGFS_SUPER_MAGIC

// Another machine may write there too: over a network, through a hypervisor, or to a shared disk.
constexpr std::array network_magics = std::to_array<std::uint32_t>({
    NFS_SUPER_MAGIC,
    SMB_SUPER_MAGIC,
    cifs_magic,
    smb2_magic,
    V9FS_MAGIC,
    CEPH_SUPER_MAGIC,
    AFS_SUPER_MAGIC,
    AFS_FS_MAGIC,
    CODA_SUPER_MAGIC,
    NCP_SUPER_MAGIC,
    OCFS2_SUPER_MAGIC,
    gfs2_magic,
    lustre_magic,
    gpfs_magic,
    beegfs_magic,
    orange_magic,
    vboxsf_magic,
    vmhgfs_magic,
});

Result<std::uint32_t> magic_of(int fd, const std::filesystem::path& path) {
  struct statfs status{};
  if (uninterrupted([&] { return ::fstatfs(fd, &status); }) != 0) return failed("inspect filesystem of", path, errno);
  return static_cast<std::uint32_t>(status.f_type);  // signed and of varying width; the magics have 32 bits
}

// `struct xfs_fsop_geom_v1`, XFS_IOC_FSGEOMETRY_V1 and XFS_FSOP_GEOM_FLAGS_REFLINK of xfs/xfs_fs.h, which the kernel's
// own headers do not install. Frozen by the kernel's promise to programs.
struct XfsGeometryV1 {
  std::array<std::uint32_t, 8> sizes;
  std::array<std::uint64_t, 4> extents;
  std::array<unsigned char, 16> uuid;
  std::array<std::uint32_t, 2> stripe;
  std::int32_t version;
  std::uint32_t flags;
  std::array<std::uint32_t, 3> sectors;
};
static_assert(sizeof(XfsGeometryV1) == 112);
constexpr unsigned long xfs_get_geometry_v1 = _IOR('X', 100, XfsGeometryV1);
constexpr std::uint32_t xfs_has_reflink = 1U << 20;

/// "" if it cannot be read.
std::string content_of(const std::string& path) {
  const Descriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  std::string content;
  std::array<char, 16 * 1024> part{};
  while (file.is_open()) {
    const ssize_t count = uninterrupted([&] { return ::read(file.get(), part.data(), part.size()); });
    if (count <= 0) break;
    content.append(part.data(), static_cast<std::size_t>(count));
  }
  return content;
}

/// True if `word` is among the words of `text`, separated by `separator`.
bool has_word(const std::string& text, char separator, std::string_view word) {
  std::istringstream words(text);
  for (std::string one; std::getline(words, one, separator);) {
    if (one == word) return true;
  }
  return false;
}

/// The mount options of this device's filesystem, as in /proc/self/mountinfo: separated by commas.
std::string mount_options_of(const std::string& device) {
  std::istringstream mounts(content_of("/proc/self/mountinfo"));
  for (std::string line; std::getline(mounts, line);) {
    // number, parent, device, root, place, options of the place, anything, "-", type, source, options
    std::istringstream fields(line);
    std::string number, parent, found;
    if (!(fields >> number >> parent >> found) || found != device) continue;
    const std::size_t rest = line.find(" - ");
    if (rest == std::string::npos) continue;
    std::istringstream behind(line.substr(rest + 3));
    std::string type, source, options;
    if (behind >> type >> source >> options) return options;
  }
  return {};
}

/// True if ext4 writes file data through its journal: by the mount, by its defaults (which mountinfo may leave out), or for this
/// directory (chattr +j). If ext4 then shuts itself down, a store to a mapping raises SIGBUS even where a block was granted.
bool journals_data(int fd) {
  constexpr std::string_view journalled = "data=journal";
  int flags = 0;
  if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_JOURNAL_DATA_FL) != 0) return true;
  struct stat status{};
  if (::fstat(fd, &status) != 0) return false;
  const std::string device = std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
  if (has_word(mount_options_of(device), ',', journalled)) return true;
  std::array<char, 256> link{};
  const ssize_t len = ::readlink(("/sys/dev/block/" + device).c_str(), link.data(), link.size());
  if (len <= 0) return false;
  const std::string_view target(link.data(), static_cast<std::size_t>(len));
  const std::string name(target.substr(target.rfind('/') + 1));
  return has_word(content_of("/proc/fs/ext4/" + name + "/options"), '\n', journalled);
}

}  // namespace

Result<bool> is_network_file_system(int fd, const std::filesystem::path& path) {
  const Result<std::uint32_t> magic = magic_of(fd, path);
  if (!magic) return propagate(magic);
  return std::ranges::find(network_magics, *magic) != network_magics.end();
}

Result<bool> reserves_for_good(int fd, const std::filesystem::path& path) {
  const Result<std::uint32_t> magic = magic_of(fd, path);
  if (!magic) return propagate(magic);
  if (*magic == TMPFS_MAGIC) return true;
  if (*magic == EXT4_SUPER_MAGIC) return !journals_data(fd);
  if (*magic != XFS_SUPER_MAGIC) return false;
  XfsGeometryV1 geometry{};
  if (::ioctl(fd, xfs_get_geometry_v1, &geometry) != 0) return false;
  return (geometry.flags & xfs_has_reflink) == 0;
}

}  // namespace safeatomic::posix

#else

#include <sys/mount.h>
#include <sys/param.h>

namespace safeatomic::posix {

Result<bool> is_network_file_system(int fd, const std::filesystem::path& path) {
  struct statfs status{};
  if (::fstatfs(fd, &status) != 0) return failed("inspect filesystem of", path, errno);
  return (status.f_flags & MNT_LOCAL) == 0;
}

Result<bool> reserves_for_good(int, const std::filesystem::path&) { return false; }

}  // namespace safeatomic::posix

#endif
