#pragma once
// How readers notice that a page changed under them: a sequence number per page (seqlock), shared by the pages of a
// stripe. Odd while the writer is at work.
//
// Ordering. Inside a write section stores are relaxed; a release fence behind the odd sequence makes it visible before any of
// them. A reader loads relaxed; an acquire fence before it checks the sequence again makes that check see the odd
// sequence if any load saw a store of the section. The even sequence is stored with release, and readers begin with an acquire.
// The number that leads to a page, in a table or in another page, is published with release and followed with acquire.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace datawal::kv {

/// A load that readers may make while the writer stores.
template <class Word>
[[nodiscard]] inline Word load_shared(const Word& word, std::memory_order order = std::memory_order_relaxed) noexcept {
  return std::atomic_ref<Word>(const_cast<Word&>(word)).load(order);
}

/// A store that readers may see at once.
template <class Word>
inline void store_shared(Word& word, Word value, std::memory_order order = std::memory_order_relaxed) noexcept {
  std::atomic_ref<Word>(word).store(value, order);
}

class StripedSeqlock {
 public:
  /// The sequence under which `page` may be read; waits while it is being written.
  [[nodiscard]] std::uint64_t begin_read(std::uint32_t page) const noexcept {
    const std::atomic<std::uint64_t>& sequence = stripe_of(page);
    for (unsigned spins = 0;; ++spins) {
      const std::uint64_t now = sequence.load(std::memory_order_acquire);
      if (now % 2 == 0) [[likely]]
        return now;
      if (spins >= 1000) std::this_thread::yield();  // the writer lost its processor
    }
  }

  /// True if nothing was written to `page` since `begun`: what was read meanwhile is of one state.
  [[nodiscard]] bool is_unchanged(std::uint32_t page, std::uint64_t begun) const noexcept {
    fence(std::memory_order_acquire);
    return stripe_of(page).load(std::memory_order_relaxed) == begun;
  }

  /// While it lives, no reader trusts what it reads from one page or from anything reached only through that page.
  class WriteSection {
   public:
    WriteSection(StripedSeqlock& seqlock, std::uint32_t page) noexcept : sequence_(seqlock.stripe_of(page)) {
      sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      fence(std::memory_order_release);
    }
    ~WriteSection() { sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
    WriteSection(const WriteSection&) = delete;
    WriteSection& operator=(const WriteSection&) = delete;

   private:
    std::atomic<std::uint64_t>& sequence_;
  };

 private:
  static constexpr std::size_t stripe_count = 2048;  // 16 KiB: stays in the cache, and the writer is in one at a time

  // g++ warns that its thread sanitizer does not know fences. It need not: everything shared is atomic.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
  static void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  [[nodiscard]] std::atomic<std::uint64_t>& stripe_of(std::uint32_t page) noexcept {
    return seqlock_[page % stripe_count];
  }
  [[nodiscard]] const std::atomic<std::uint64_t>& stripe_of(std::uint32_t page) const noexcept {
    return seqlock_[page % stripe_count];
  }

  alignas(64) std::array<std::atomic<std::uint64_t>, stripe_count> seqlock_{};
};

}  // namespace datawal::kv
