#include "log/held_locks.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include "log/process_mark.hpp"

namespace datawal {

namespace {

using safeatomic::Directory;

struct Held {
  ProcessMark process;
  std::weak_ptr<Directory> directory;
};

struct HeldLocks {
  std::mutex mutex;
  std::vector<Held> held;  // by `mutex`
};

// Never destroyed: a handle may be, later than anything else.
HeldLocks& held_locks() {
  static auto& locks = *new HeldLocks;
  return locks;
}

bool is_same(const std::weak_ptr<Directory>& one, const std::shared_ptr<Directory>& other) noexcept {
  return !one.owner_before(other) && !other.owner_before(one);
}

}  // namespace

void remember_lock(const std::shared_ptr<Directory>& directory) {
  HeldLocks& locks = held_locks();
  const std::lock_guard guard(locks.mutex);
  std::erase_if(locks.held, [](const Held& held) { return held.directory.expired(); });
  locks.held.push_back({.process = {}, .directory = directory});
}

void forget_lock(const std::shared_ptr<Directory>& directory) noexcept {
  HeldLocks& locks = held_locks();
  const std::lock_guard guard(locks.mutex);
  std::erase_if(locks.held, [&](const Held& held) { return is_same(held.directory, directory); });
}

bool is_locked_here(const Directory& directory) {
  const safeatomic::Result<safeatomic::FileInfo> wanted = directory.info();
  if (!wanted) return false;
  HeldLocks& locks = held_locks();
  const std::lock_guard guard(locks.mutex);
  return std::ranges::any_of(locks.held, [&](const Held& held) {
    const std::shared_ptr<Directory> locked = held.process.is_ours() ? held.directory.lock() : nullptr;
    if (!locked || locked.get() == &directory) return false;
    const safeatomic::Result<safeatomic::FileInfo> info = locked->info();
    return info && info->device == wanted->device && info->inode == wanted->inode;
  });
}

}  // namespace datawal
