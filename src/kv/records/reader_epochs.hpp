#pragma once
// Epoch-based reclamation: which readers are active, without a lock, so that what was made unreachable is freed only when the last
// reader that may have seen it has left.
//
// A reader that has found an address enters a slot, checks that what it found still holds, and only then follows it. The thread that
// frees makes a thing unreachable, and then waits for every slot that was entered before. Both put a sequentially consistent fence
// between their store and their load, so that at least one of them sees the other.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

namespace datawal::kv {

/// Threads: any.
class ReaderEpochs {
 public:
  /// Marks one reader as active. Keep it short: freeing waits for it.
  class Guard {
   public:
    Guard() = default;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      if (slot_ != nullptr) slot_->store(0, std::memory_order_release);
    }

    /// From now on nothing that is reachable will be freed under this reader.
    void enter(ReaderEpochs& slots) noexcept {
      if (slot_ == nullptr) slot_ = &slots.take();
    }

   private:
    std::atomic<std::uint64_t>* slot_ = nullptr;
  };

  /// Returns once every reader has left that entered before the call. Nobody may hold a lock that such a reader takes.
  void wait_for_readers() noexcept {
    const std::uint64_t now = epoch_.fetch_add(1, std::memory_order_seq_cst) + 1;
    fence();
    for (Slot& slot : slots_) {
      for (;;) {
        const std::uint64_t entered = slot.epoch.load(std::memory_order_acquire);
        if (entered == 0 || entered >= now) break;
        std::this_thread::yield();
      }
    }
  }

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> epoch{0};  // of the reader that is in; 0: none
  };
  static constexpr std::size_t slot_count = 128;  // readers at one instant; one more waits for a slot

  // g++ warns that its thread sanitizer does not know fences; what is freed is ordered by the slots themselves.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
  static void fence() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  [[nodiscard]] std::atomic<std::uint64_t>& take() noexcept {
    // Each thread begins at a slot of its own, as a rule.
    thread_local const std::size_t home = std::hash<std::thread::id>{}(std::this_thread::get_id());
    for (std::size_t i = home;; ++i) {
      std::atomic<std::uint64_t>& slot = slots_[i % slot_count].epoch;
      std::uint64_t none = 0;
      const std::uint64_t now = epoch_.load(std::memory_order_acquire);
      if (slot.load(std::memory_order_relaxed) == 0 &&
          slot.compare_exchange_strong(none, now, std::memory_order_seq_cst)) {
        fence();
        return slot;
      }
      if (i % slot_count == 0) std::this_thread::yield();
    }
  }

  std::atomic<std::uint64_t> epoch_{1};
  std::array<Slot, slot_count> slots_{};
};

}  // namespace datawal::kv
