#pragma once
// The directories that this process has locked, so that a refusal can say who holds the lock: a process id alone does not,
// since everything in a container is process 1.

#include <memory>

#include <safeatomic/file_system.hpp>

namespace datawal::log {

/// Remembers that `directory` is locked, until forget_lock() or until it is closed. Throws std::bad_alloc.
void remember_lock(const std::shared_ptr<safeatomic::Directory>& directory);
void forget_lock(const std::shared_ptr<safeatomic::Directory>& directory) noexcept;

/// True if this process itself (not one that it was forked from) holds the lock on that directory through another handle.
[[nodiscard]] bool is_locked_here(const safeatomic::Directory& directory);

}  // namespace datawal::log
