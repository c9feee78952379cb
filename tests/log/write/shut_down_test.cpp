// A filesystem that shuts itself down under a log, as XFS and ext4 do when their journal cannot be written.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "log/reader_support.hpp"
#include "support/child.hpp"
#include "support/mounts.hpp"

namespace datawal::test {
namespace {

struct Kind {
  const char* name;
  const char* mkfs;
  const char* options;
  int size_mib;
  bool keeps_mappings = true;  // else only what is chosen automatically is an error: WritePath::mapped meets a SIGBUS
};

constexpr Kind kinds[] = {
    {"xfs", "mkfs.xfs --unsupported -q -f -m reflink=0", "loop", 64},
    {"ext4_nodelalloc", "mkfs.ext4 -q -F -m 0", "loop,nodelalloc", 16},
    {"ext4_data_journal", "mkfs.ext4 -q -F -m 0", "loop,data=journal", 16, false},
    {"ext4_data_journal_by_default", "sh -c 'mkfs.ext4 -q -F -m 0 \"$0\" && tune2fs -o journal_data \"$0\"'", "loop",
     16, false},
};

class ShutDown : public testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] bool mount() const {
    return mount_image(GetParam().mkfs, store_.beside("image"), store_.path(), GetParam().size_mib, GetParam().options);
  }

  // XFS_IOC_GOINGDOWN and EXT4_IOC_SHUTDOWN: one number, "without writing the journal".
  [[nodiscard]] bool shut_down() const {
    const int fd = ::open(store_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::uint32_t how = 2;
    const bool is_done = ::ioctl(fd, _IOR('X', 125, std::uint32_t), &how) == 0;
    ::close(fd);
    return is_done;
  }

  Store store_;
};

INSTANTIATE_TEST_SUITE_P(, ShutDown, testing::ValuesIn(kinds),
                         [](const auto& of) { return std::string(of.param.name); });

TEST_P(ShutDown, IsAnErrorAndNoSignal) {
  if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
  const std::string reason = why_not(GetParam().name,
                                     [&] { return leave_mount_namespace() && mount() && shut_down(); });
  if (!reason.empty()) GTEST_SKIP() << reason;
  for (const WritePath path : {WritePath::automatic, WritePath::mapped}) {
    if (path == WritePath::mapped && !GetParam().keeps_mappings) continue;
    in_child([&] {
      must_leave_mount_namespace();
      if (!mount()) throw std::runtime_error("no disk");
      RecordLog log = must(RecordLog::open(store_.path() / "log", {.write_path = path}));
      for (int n = 0; n < 50; ++n) must(log.append(std::string(500, 'x')));  // beyond the first bytes, into the mapping
      ASSERT_TRUE(shut_down());
      Result<RecordRef> ref = log.append(std::string(500, 'y'));
      for (int n = 0; ref && n < 10'000; ++n) ref = log.append(std::string(500, 'y'));
      EXPECT_FALSE(ref) << "nobody was told";
      EXPECT_FALSE(log.fsync());
      EXPECT_FALSE(log.close());
    });
  }
}

}  // namespace
}  // namespace datawal::test
