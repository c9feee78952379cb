#include "posix_support.hpp"

#if defined(__linux__)

#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace safeatomic::posix {
namespace {

// Not in linux/magic.h, or not in that of every supported distribution.
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

}  // namespace

Result<bool> is_network_file_system(int fd, const std::filesystem::path& path) {
  const Result<std::uint32_t> magic = magic_of(fd, path);
  if (!magic) return propagate(magic);
  return std::ranges::find(network_magics, *magic) != network_magics.end();
}

Result<bool> reserves_for_good(int fd, const std::filesystem::path& path) {
  const Result<std::uint32_t> magic = magic_of(fd, path);
  if (!magic) return propagate(magic);
  if (*magic == EXT4_SUPER_MAGIC || *magic == TMPFS_MAGIC) return true;
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
