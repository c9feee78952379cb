#include "log/directory/lock.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <utility>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "log/directory/held_locks.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;

// The process id that the holder wrote into `.lock`; empty if none can be read.
std::string holder_of(Directory& directory) {
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(lock_name, {});
  if (!file) return {};
  std::array<char, 16> bytes{};
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, 0, bytes);
  if (!got) return {};
  std::string pid;
  for (const char c : std::string_view(bytes.data(), *got)) {
    if (c < '0' || c > '9') break;
    pid += c;
  }
  return pid;
}

// A lock can outlive the named process, in a child that the library did not notice; or that process is in another container
// and has another number here.
std::string_view doubt_about(const std::string& pid) noexcept {
  pid_t number = 0;
  const auto [end, error] = std::from_chars(pid.data(), pid.data() + pid.size(), number);
  if (error != std::errc() || end != pid.data() + pid.size() || number <= 0) return {};
  const bool is_unseen = ::kill(number, 0) != 0 && errno == ESRCH;
  return is_unseen
             ? " (not to be seen from here: it has ended and left the lock to a child, or runs in another container)"
             : std::string_view();
}

std::unexpected<Error> locked(Directory& directory, std::string_view which) {
  if (is_locked_here(directory)) {
    return std::unexpected(Error{.code = Errc::locked,
                                 .action = "lock store",
                                 .path = directory.path(),
                                 .os_errno = EDEADLK,  // waiting for it would be waiting for oneself
                                 .detail = "another handle of this process holds the lock on " + std::string(which)});
  }
  const std::string pid = holder_of(directory);
  return std::unexpected(Error{.code = Errc::locked,
                               .action = "lock store",
                               .path = directory.path(),
                               .detail = (pid.empty() ? std::string("another process") : "process " + pid) +
                                         std::string(doubt_about(pid)) + " holds the lock on " + std::string(which)});
}

void write_holder(File& file) noexcept {
  const std::string pid = std::to_string(getpid()) + "\n";
  // For people only: the lock does not depend on it.
  if (safeatomic::write_all(file, 0, pid)) (void)file.truncate(pid.size());
}

// The existing file or a new one. Others may be making it at the same time.
safeatomic::Result<std::unique_ptr<File>> open_or_make(safeatomic::FileSystem& file_system, Directory& directory,
                                                       const StoreOwner& owner, std::uint32_t mode) {
  safeatomic::Result<std::unique_ptr<File>> file = owner.create(file_system, directory, lock_name, mode);
  if (file || file.error().code != safeatomic::Errc::already_exists) return file;
  return directory.open_file(lock_name, {.write = true});
}

// Null if the disk has no room for it.
safeatomic::Result<std::unique_ptr<File>> open_lock_file(safeatomic::FileSystem& file_system, Directory& directory,
                                                         std::uint32_t mode) {
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(lock_name, {.write = true});
  if (!file && file.error().code == safeatomic::Errc::not_found) {
    const safeatomic::Result<StoreOwner> owner = StoreOwner::of(directory, mode);
    if (!owner) return safeatomic::propagate(owner);
    file = open_or_make(file_system, directory, *owner, mode);
  }
  if (!file && file.error().code == safeatomic::Errc::no_space) return nullptr;
  return file;
}

}  // namespace

Result<StoreLock> StoreLock::acquire(safeatomic::FileSystem& file_system, const std::shared_ptr<Directory>& directory,
                                     std::uint32_t mode) {
  StoreLock lock(directory);
  const safeatomic::Result<bool> taken = directory->try_lock();
  if (!taken) return io_failure(taken, "lock store");
  if (!*taken) return locked(*directory, "the directory");

  // Until both are ours, giving up must not leave the first one locked in a copy of the descriptor.
  const auto give_up = [&](auto failed) {
    lock.release();
    return failed;
  };
  safeatomic::Result<std::unique_ptr<File>> file = open_lock_file(file_system, *directory, mode);
  if (!file) return give_up(io_failure(file, "open lock file"));
  if (!*file) {
    remember_lock(directory);
    return lock;
  }
  lock.file_ = std::move(*file);
  const safeatomic::Result<safeatomic::FileInfo> info = lock.file_->info();
  if (!info) return give_up(io_failure(info, "inspect lock file"));
  if (info->link_count != 1) {
    return give_up(
        std::unexpected(Error{.code = Errc::invalid_argument,
                              .action = "lock store",
                              .path = directory->path() / lock_name,
                              .detail = "this file has several names, so that it may belong to another store; remove "
                                        "it (it holds nothing), and go on"}));
  }
  for (const safeatomic::LockKind kind : {safeatomic::LockKind::flock, safeatomic::LockKind::record}) {
    const safeatomic::Result<bool> held = lock.file_->try_lock(kind);
    if (!held) return give_up(io_failure(held, "lock store"));
    if (!*held) return give_up(locked(*directory, lock_name));
  }
  remember_lock(directory);
  write_holder(*lock.file_);
  return lock;
}

void StoreLock::release() noexcept {
  if (!process_.is_ours() || !directory_) return;
  if (file_) {
    (void)file_->unlock(safeatomic::LockKind::record);
    (void)file_->unlock(safeatomic::LockKind::flock);
  }
  (void)directory_->unlock();
  forget_lock(directory_);
  file_.reset();
  directory_.reset();
}

}  // namespace datawal::log
