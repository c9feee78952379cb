#include "append_only.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

namespace safeatomic::test {
namespace {

bool set_append_only(const std::filesystem::path& path, bool is_set) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  int flags = 0;
  bool is_done = ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  flags = is_set ? flags | FS_APPEND_FL : flags & ~FS_APPEND_FL;
  is_done = is_done && ::ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
  ::close(fd);
  return is_done;
}

}  // namespace

AppendOnly::AppendOnly(std::filesystem::path path) : path_(std::move(path)), is_set_(set_append_only(path_, true)) {}

AppendOnly::~AppendOnly() {
  if (is_set_) static_cast<void>(set_append_only(path_, false));
}

}  // namespace safeatomic::test
