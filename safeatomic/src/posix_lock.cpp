#include <fcntl.h>
#include <sys/file.h>

#include "posix_support.hpp"

namespace safeatomic::posix {
namespace {

#if defined(F_OFD_SETLK)
struct flock whole_file(short type) noexcept {
  struct flock lock{};  // length 0 extends to the end, however far it moves
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}
#endif

}  // namespace

Result<bool> try_flock(int fd, const std::filesystem::path& path) {
  if (uninterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return failed("lock", path, errno);
}

Result<void> unlock_flock(int fd, const std::filesystem::path& path) {
  if (uninterrupted([&] { return ::flock(fd, LOCK_UN); }) != 0) return failed("unlock", path, errno);
  return {};
}

#if defined(F_OFD_SETLK)

Result<bool> try_record_lock(int fd, const std::filesystem::path& path) {
  struct flock lock = whole_file(F_WRLCK);
  if (uninterrupted([&] { return ::fcntl(fd, F_OFD_SETLK, &lock); }) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return failed("lock", path, errno);
}

Result<void> unlock_record_lock(int fd, const std::filesystem::path& path) {
  struct flock lock = whole_file(F_UNLCK);
  if (uninterrupted([&] { return ::fcntl(fd, F_OFD_SETLK, &lock); }) != 0) return failed("unlock", path, errno);
  return {};
}

Result<bool> is_record_locked(int fd, const std::filesystem::path& path) {
  struct flock lock = whole_file(F_WRLCK);
  if (uninterrupted([&] { return ::fcntl(fd, F_OFD_GETLK, &lock); }) != 0) return failed("query lock of", path, errno);
  return lock.l_type != F_UNLCK;
}

#else  // a classic POSIX lock is no substitute: it vanishes when the process closes any descriptor of the file

Result<bool> try_record_lock(int, const std::filesystem::path& path) { return failed("lock", path, ENOSYS); }
Result<void> unlock_record_lock(int, const std::filesystem::path& path) { return failed("unlock", path, ENOSYS); }
Result<bool> is_record_locked(int, const std::filesystem::path& path) { return failed("query lock of", path, ENOSYS); }

#endif

}  // namespace safeatomic::posix
