#include "posix_fork.hpp"

#include <fcntl.h>
#include <pthread.h>

#include <array>

namespace safeatomic::posix {
namespace {

using Slot = LockNote::Slot;

/// Blocks of slots are only added, never removed, so a child finds everything noted whenever it is made.
struct Block {
  std::array<Slot, 32> slots{};
  std::atomic<Block*> next{nullptr};
};

constinit Block first_block;

void let_go(Slot& slot) noexcept {
  Descriptor* const descriptor = slot.descriptor.load(std::memory_order_acquire);
  if (descriptor == nullptr) return;
  Descriptor unlocked(-1);
  if (slot.kind == LockNote::Kind::directory) {
    unlocked = open_at(descriptor->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  *descriptor = std::move(unlocked);  // closes the old one
}

void drop_locks_in_child() noexcept {
  const int before = errno;
  for (Block* block = &first_block; block != nullptr; block = block->next.load(std::memory_order_acquire)) {
    for (Slot& slot : block->slots) let_go(slot);
  }
  errno = before;
}

// When the library is loaded, not at first use: a child made during first use could wait for ever for its end. When the library
// is unloaded, the C library forgets the handler.
[[maybe_unused]] const int registered = ::pthread_atfork(nullptr, nullptr, &drop_locks_in_child);

Slot* take_slot_in(Block& block) noexcept {
  for (Slot& slot : block.slots) {
    if (!slot.is_taken.exchange(true, std::memory_order_acquire)) return &slot;
  }
  return nullptr;
}

Slot& take_slot() {
  for (Block* block = &first_block;;) {
    if (Slot* const slot = take_slot_in(*block)) return *slot;
    Block* next = block->next.load(std::memory_order_acquire);
    if (next == nullptr) {
      auto added = std::make_unique<Block>();
      if (block->next.compare_exchange_strong(next, added.get(), std::memory_order_acq_rel)) next = added.release();
    }
    block = next;
  }
}

}  // namespace

void LockNote::note(Descriptor& descriptor, Kind kind) {
  if (slot_ == nullptr) slot_ = &take_slot();
  slot_->kind = kind;
  slot_->descriptor.store(&descriptor, std::memory_order_seq_cst);
}

void LockNote::forget() noexcept {
  if (slot_ == nullptr) return;
  slot_->descriptor.store(nullptr, std::memory_order_seq_cst);
  slot_->is_taken.store(false, std::memory_order_release);
  slot_ = nullptr;
}

}  // namespace safeatomic::posix
