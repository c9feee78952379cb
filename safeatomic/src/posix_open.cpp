#include <fcntl.h>

#include "posix_support.hpp"

namespace safeatomic::posix {
namespace {

constexpr int standard_count = 3;  // input, output, error

/// Opens something that fails every read and write by the program, as its closed descriptor would.
int open_stand_in(int directory, int fd) noexcept {
  // The mode in which the descriptor is not used.
  const int flags = (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NOCTTY;
  const int device = uninterrupted([&] { return ::open("/dev/null", flags); });
  if (device >= 0) return device;
#if defined(O_PATH)
  return uninterrupted([&] { return ::openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC); });
#else
  static_cast<void>(directory);
  return -1;
#endif
}

bool take_standard_descriptors(int directory) noexcept {
  for (int fd = 0; fd < standard_count; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    const int taken = open_stand_in(directory, fd);
    if (taken < 0) return false;
    if (taken >= standard_count) ::close(taken);  // another thread was faster
  }
  return true;
}

}  // namespace

Descriptor open_at(int directory, const char* path, int flags, mode_t mode) noexcept {
  const CancellationOff off;
  if (!take_standard_descriptors(directory)) return Descriptor(-1);
  Descriptor opened(uninterrupted([&] { return ::openat(directory, path, flags, mode); }));
  if (!opened.is_open() || opened.get() >= standard_count) return opened;
  // Closed just now by another thread of the program.
  return Descriptor(::fcntl(opened.get(), F_DUPFD_CLOEXEC, standard_count));
}

}  // namespace safeatomic::posix
