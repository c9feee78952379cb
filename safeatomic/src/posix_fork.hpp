#pragma once
// What a forked child must not keep: descriptors that hold a lock.

#include <atomic>
#include <cstdint>

#include "posix_support.hpp"

namespace safeatomic::posix {

/// A lock belongs to the open file, and a child made by `fork` has copies of all descriptors: it would hold its parent's locks
/// long after the parent is dead. So the child closes the descriptors noted here before `fork` returns in it; a directory
/// is opened again, without the lock.
///
/// The child allocates nothing and waits for no lock: other threads may have been anywhere when it was made. A child
/// made by `_Fork` or a bare `clone` is not noticed; one made by `vfork` or `posix_spawn` has the descriptors until it
/// becomes another program (O_CLOEXEC).
class LockNote {
 public:
  enum class Kind : std::uint8_t { file, directory };

  LockNote() = default;
  LockNote(const LockNote&) = delete;
  LockNote& operator=(const LockNote&) = delete;
  ~LockNote() { forget(); }

  /// Call before taking the lock, so that no child ever has one that is not noted.
  /// @param descriptor  stays where it is until forget()
  void note(Descriptor& descriptor, Kind kind);

  /// Call after unlocking and before closing the descriptor.
  void forget() noexcept;

  struct Slot {
    std::atomic<bool> is_taken{false};
    std::atomic<Descriptor*> descriptor{nullptr};
    Kind kind = Kind::file;  // of an existing descriptor
  };

 private:
  Slot* slot_ = nullptr;
};

}  // namespace safeatomic::posix
