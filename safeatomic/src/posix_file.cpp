#include "posix_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <array>
#include <limits>

namespace safeatomic::posix {
namespace {

constexpr std::size_t write_parts_max = 16;

constexpr std::uint64_t without_limit = std::numeric_limits<std::uint64_t>::max();

/// The size in bytes up to which this process may write a file.
std::uint64_t limit_of_size() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return without_limit;
  return limit.rlim_cur;
}

}  // namespace

bool PosixFile::is_beyond_limit(std::uint64_t offset, std::uint64_t length) noexcept {
  const std::uint64_t end = length > without_limit - offset ? without_limit : offset + length;
  if (end <= known_limit_.load(std::memory_order_relaxed)) return false;
  const std::uint64_t limit = limit_of_size();  // which may have been raised
  known_limit_.store(limit, std::memory_order_relaxed);
  return end > limit;
}

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, std::span<char> into) {
  const ssize_t count = uncancelled([&] { return ::pread(fd(), into.data(), into.size(), to_off(offset)); });
  if (count < 0) return failed("read", path_, errno);
  return static_cast<std::size_t>(count);
}

Result<std::size_t> PosixFile::write_at(std::uint64_t offset, std::span<const std::string_view> parts) {
  if (parts.size() > write_parts_max) return failed_as(Errc::invalid_argument, "write", path_, EINVAL);
  std::uint64_t length = 0;
  for (const std::string_view part : parts) length += part.size();
  if (is_beyond_limit(offset, length)) return failed("write", path_, EFBIG);
  if (parts.size() == 1) {  // saves the kernel the copy of a vector, some 50 ns
    const std::string_view part = parts.front();
    const ssize_t count = uncancelled([&] { return ::pwrite(fd(), part.data(), part.size(), to_off(offset)); });
    if (count < 0) return failed("write", path_, errno);
    return static_cast<std::size_t>(count);
  }
  std::array<iovec, write_parts_max> vectors;
  std::size_t used = 0;
  for (const std::string_view part : parts) {
    // iovec serves reading too, hence the cast; pwritev does not write through it.
    if (!part.empty()) vectors[used++] = {const_cast<char*>(part.data()), part.size()};
  }
  if (used == 0) return std::size_t{0};
  const ssize_t count = uncancelled(
      [&] { return ::pwritev(fd(), vectors.data(), static_cast<int>(used), to_off(offset)); });
  if (count < 0) return failed("write", path_, errno);
  return static_cast<std::size_t>(count);
}

Result<void> PosixFile::truncate(std::uint64_t size) {
  if (uninterrupted([&] { return ::ftruncate(fd(), to_off(size)); }) != 0) return failed("truncate", path_, errno);
  return {};
}

Result<void> PosixFile::reserve(std::uint64_t offset, std::uint64_t length) {
#if defined(__linux__)
  if (length == 0) return {};
  if (is_beyond_limit(offset, length)) return failed("reserve space in", path_, EFBIG);
  if (uncancelled([&] { return ::fallocate(fd(), 0, to_off(offset), to_off(length)); }) != 0) {
    return failed("reserve space in", path_, errno);
  }
  return {};
#else
  static_cast<void>(offset), static_cast<void>(length);
  return failed("reserve space in", path_, ENOSYS);
#endif
}

Result<void> PosixFile::sync_data() {
#if defined(F_FULLFSYNC)
  return sync_all();
#else
  if (uninterrupted([&] { return ::fdatasync(fd()); }) != 0) return failed("sync", path_, errno);
  return {};
#endif
}

Result<void> PosixFile::sync_all() {
#if defined(F_FULLFSYNC)  // there, fsync alone leaves the bytes in the drive's own cache
  if (uninterrupted([&] { return ::fcntl(fd(), F_FULLFSYNC); }) == 0) return {};
  if (errno != ENOTSUP && errno != EINVAL && errno != ENOTTY) return failed("sync", path_, errno);
#endif
  if (uninterrupted([&] { return ::fsync(fd()); }) != 0) return failed("sync", path_, errno);
  return {};
}

Result<void> PosixFile::start_writeback(std::uint64_t offset, std::uint64_t length) {
#if defined(SYNC_FILE_RANGE_WRITE)
  // The waiting flags would also consume a pending write error, which the sync must report.
  if (uncancelled([&] { return ::sync_file_range(fd(), to_off(offset), to_off(length), SYNC_FILE_RANGE_WRITE); }) !=
      0) {
    return failed("start writeback of", path_, errno);
  }
  return {};
#else
  static_cast<void>(offset), static_cast<void>(length);
  return failed("start writeback of", path_, ENOSYS);
#endif
}

Result<FileInfo> PosixFile::info() const { return info_of_descriptor(fd(), path_); }

Result<std::optional<DataRange>> PosixFile::next_data(std::uint64_t offset) {
#if defined(SEEK_DATA) && defined(SEEK_HOLE)
  const off_t begin = ::lseek(fd(), to_off(offset), SEEK_DATA);
  const off_t end = begin < 0 ? off_t{-1} : ::lseek(fd(), begin, SEEK_HOLE);
  if (begin >= 0 && end >= 0) return DataRange{static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)};
  if (errno == ENXIO) return std::nullopt;  // also if the file was cut between the two calls
  if (errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) return failed("find data in", path_, errno);
#endif
  const Result<FileInfo> status = info();
  if (!status) return propagate(status);
  if (offset >= status->size) return std::nullopt;
  return DataRange{offset, status->size};
}

Result<std::unique_ptr<Mapping>> PosixFile::map(MapAccess access, std::uint64_t offset, std::size_t length) {
  return map_file(fd(), path_, access, offset, length);
}

Result<void> PosixFile::copy_ownership(const FileInfo& like) {
  const Result<FileInfo> own = info();
  if (!own) return propagate(own);
  const bool changes_hands = own->owner != like.owner || own->group != like.group;
  std::uint32_t mode = own->mode;
  // Nobody may have more access meanwhile than before or after: the next group must not get what the old one had, nor the
  // group what the mask let through.
  if ((mode & 0077U) != 0 && (changes_hands || has_access_control_list(fd()))) {
    mode &= 0700U;
    if (::fchmod(fd(), static_cast<mode_t>(mode)) != 0) return failed("change permissions of", path_, errno);
  }
  if (changes_hands) {
    const uid_t owner = own->owner == like.owner ? static_cast<uid_t>(-1) : static_cast<uid_t>(like.owner);
    const gid_t group = own->group == like.group ? static_cast<gid_t>(-1) : static_cast<gid_t>(like.group);
    if (::fchown(fd(), owner, group) != 0) {
      // EINVAL: an owner without a number in this user namespace, as much out of reach as a foreign one.
      if (errno == EINVAL) return failed_as(Errc::permission, "change owner of", path_, errno);
      return failed("change owner of", path_, errno);
    }
  }
  // With an inherited list the middle bits would be its mask, and grant what it has granted to nobody so far.
  const Result<bool> dropped = drop_access_control_list(fd(), path_);
  if (!dropped) return propagate(dropped);
  // Last, since changing the owner may take bits away.
  if ((mode != like.mode || *dropped) && ::fchmod(fd(), static_cast<mode_t>(like.mode & 0777)) != 0) {
    return failed("change permissions of", path_, errno);
  }
  return {};
}

Result<DataRange> PosixFile::append(std::string_view bytes) {
  constexpr std::string_view action = "append to";
  const Result<FileInfo> before = info();
  if (before && is_beyond_limit(before->size, bytes.size())) return failed(action, path_, EFBIG);
  const ssize_t count = uncancelled([&] { return ::write(fd(), bytes.data(), bytes.size()); });
  if (count < 0) return failed(action, path_, errno);
  const off_t end = ::lseek(fd(), 0, SEEK_CUR);  // after what was written, whoever has appended since
  if (end < 0) return failed(action, path_, errno);
  return DataRange{.begin = static_cast<std::uint64_t>(end - count), .end = static_cast<std::uint64_t>(end)};
}

Result<bool> PosixFile::try_lock(LockKind kind) {
  locked_.note(descriptor_, LockNote::Kind::file);
  return kind == LockKind::flock ? try_flock(fd(), path_) : try_record_lock(fd(), path_);
}

Result<void> PosixFile::unlock(LockKind kind) {
  return kind == LockKind::flock ? unlock_flock(fd(), path_) : unlock_record_lock(fd(), path_);
}

Result<bool> PosixFile::is_locked() const { return is_record_locked(fd(), path_); }

}  // namespace safeatomic::posix
