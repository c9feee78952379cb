#include "log/directory/held_locks.hpp"

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/fork_guard.hpp"
#include "base/mutex.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;

struct HeldLock {
  ForkGuard process;
  std::weak_ptr<Directory> directory;
};

struct HeldLocks {
  Mutex mutex;
  std::vector<HeldLock> held DATAWAL_GUARDED_BY(mutex);
};

// Never destroyed: a handle may outlive everything else.
HeldLocks& held_locks() {
  static auto& locks = *new HeldLocks;
  return locks;
}

// A child made while another thread holds the mutex would wait for it forever, so fork takes the mutex first. Its holder calls
// nothing that could wait for a fork. Registered when the library is loaded, as ForkGuard is.
[[maybe_unused]] const int registered = (held_locks(),  // made before a fork needs it
                                         pthread_atfork(
                                             []() DATAWAL_NO_THREAD_SAFETY_ANALYSIS { held_locks().mutex.lock(); },
                                             []() DATAWAL_NO_THREAD_SAFETY_ANALYSIS { held_locks().mutex.unlock(); },
                                             []() DATAWAL_NO_THREAD_SAFETY_ANALYSIS { held_locks().mutex.unlock(); }));

bool is_same(const std::weak_ptr<Directory>& one, const std::shared_ptr<Directory>& other) noexcept {
  return !one.owner_before(other) && !other.owner_before(one);
}

}  // namespace

void remember_lock(const std::shared_ptr<Directory>& directory) {
  HeldLocks& locks = held_locks();
  const Locked guard(locks.mutex);
  std::erase_if(locks.held, [](const HeldLock& held) { return held.directory.expired(); });
  locks.held.push_back({.process = {}, .directory = directory});
}

void forget_lock(const std::shared_ptr<Directory>& directory) noexcept {
  HeldLocks& locks = held_locks();
  const Locked guard(locks.mutex);
  std::erase_if(locks.held, [&](const HeldLock& held) { return is_same(held.directory, directory); });
}

bool is_locked_here(const Directory& directory) {
  const safeatomic::Result<safeatomic::FileInfo> wanted = directory.info();
  if (!wanted) return false;
  std::vector<std::shared_ptr<Directory>> held_here;
  {
    HeldLocks& locks = held_locks();
    const Locked guard(locks.mutex);
    held_here.reserve(locks.held.size());
    for (const HeldLock& held : locks.held) {
      if (held.process.is_ours()) held_here.push_back(held.directory.lock());
    }
  }
  return std::ranges::any_of(held_here, [&](const std::shared_ptr<Directory>& locked) {
    if (!locked || locked.get() == &directory) return false;
    const safeatomic::Result<safeatomic::FileInfo> info = locked->info();
    return info && info->device == wanted->device && info->inode == wanted->inode;
  });
}

}  // namespace datawal::log
