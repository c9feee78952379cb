#pragma once
// Which states were seen, and with how many deviations.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace datawal::interleave {

class StateTable {
 public:
  StateTable() : slots_(1024) {}

  /// Whether `state` was seen with no more deviations; otherwise it is noted.
  bool seen(std::uint64_t state, int used) {
    if (count_ * 2 >= slots_.size()) grow();
    Slot& slot = find(slots_, state == 0 ? 1 : state);
    if (slot.state == 0) {
      slot = {.state = state == 0 ? 1 : state, .used = static_cast<std::uint8_t>(used)};
      ++count_;
      return false;
    }
    if (slot.used <= used) return true;
    slot.used = static_cast<std::uint8_t>(used);
    return false;
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  void clear() {
    slots_.assign(1024, {});
    count_ = 0;
  }

 private:
  struct Slot {
    std::uint64_t state = 0;  // 0: free
    std::uint8_t used = 0;
  };

  static Slot& find(std::vector<Slot>& slots, std::uint64_t state) noexcept {
    std::size_t at = state & (slots.size() - 1);
    while (slots[at].state != 0 && slots[at].state != state) at = (at + 1) & (slots.size() - 1);
    return slots[at];
  }
  void grow() {
    std::vector<Slot> larger(slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.state != 0) find(larger, slot.state) = slot;
    }
    slots_ = std::move(larger);
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace datawal::interleave
