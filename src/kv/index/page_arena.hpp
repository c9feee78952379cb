#pragma once
// The memory of pages: numbered, never moved, never returned while the arena lives (so that a reader may look at a page
// that was freed meanwhile), but reused.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kv/index/page.hpp"

namespace datawal::kv {

/// One writer; `at` from any thread for a number that it got from the writer.
///
/// Blocks of address space double: block k holds the numbers from 512 << k to twice that. Pages not yet handed out cost
/// no memory; the commitment grows in steps of 2 MiB.
class PageArena {
 public:
  PageArena() noexcept;
  ~PageArena();
  PageArena(const PageArena&) = delete;
  PageArena& operator=(const PageArena&) = delete;

  /// Its pages are to take memory one by one, so that it can be given back. Nothing may have been taken before.
  void keep_pages_small() noexcept { is_small_ = true; }

  /// Number 0: a page that stays empty and must not be written.
  static constexpr std::uint32_t none = 0;

  [[nodiscard]] Page& at(std::uint32_t number) const noexcept {
    const auto block = static_cast<std::size_t>(std::bit_width(number));
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an origin lies before its block, where no pointer may point
    return *reinterpret_cast<Page*>(origins_[block] + number * sizeof(Page));
  }

  /// On return, `pages` pages can be taken. Throws std::bad_alloc and then changes nothing.
  void reserve(std::uint64_t pages) {
    if (free_count_ + returned_.size() + (committed_end_ - fresh_) < pages) [[unlikely]]
      commit(pages);
  }

  /// The number of an empty page. Something must be reserved.
  [[nodiscard]] std::uint32_t take() noexcept;

  /// The number of the first of so many pages, one behind the other, which take no memory before they are filled. Nothing may have been
  /// taken before. Throws std::bad_alloc.
  [[nodiscard]] std::uint32_t take_block(std::uint64_t pages);
  /// So many of a block are filled next, one behind the other; and then they were. Whole steps get huge pages, which are cheaper by the
  /// byte and need no walk through the page tables. Any thread.
  void will_fill(std::uint32_t begin, std::uint64_t pages, std::uint32_t block_end) const noexcept;
  void was_filled(std::uint32_t begin, std::uint64_t pages) const noexcept;

  /// Returns a page; a reader that still looks at it finds it empty.
  void release(std::uint32_t number) noexcept;

  /// Gives the memory of pages that were released back to the system, but for `kept` of them; they can be taken as before.
  /// At most so many at a time, for some microseconds. @return false if it had to stop at that, and there are more
  bool give_back(std::uint64_t kept);

  /// Makes room for a copy of an arena from which that many pages were ever taken, and touches it, so that copying takes no longer than
  /// the bytes need. Nothing may have been taken from this one. Throws std::bad_alloc.
  void prepare_copy(std::uint64_t pages);
  /// Becomes a copy of `other`, under the same numbers. Nothing may have been taken from this one. Throws std::bad_alloc.
  void copy(const PageArena& other);
  /// Pages that were ever taken.
  [[nodiscard]] std::uint64_t pages_ever() const noexcept { return fresh_ - first; }

  /// Above all numbers that were ever taken.
  [[nodiscard]] std::uint32_t numbers_end() const noexcept { return fresh_; }

  /// Pages that are taken.
  [[nodiscard]] std::uint64_t pages_in_use() const noexcept { return fresh_ - first - free_count_ - returned_.size(); }
  /// Pages that take memory.
  [[nodiscard]] std::uint64_t pages_in_memory() const noexcept { return fresh_ - first - returned_.size(); }

  /// Bytes ever handed out, rounded up to the system's pages.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

  /// Calls `visit(const Page&)` for each page that may hold an entry.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t number = first; number < fresh_; ++number) visit(static_cast<const Page&>(at(number)));
  }

 private:
  static constexpr std::uint32_t first = 512;        // of block 0: 2 MiB
  static constexpr std::uint32_t step = 512;         // pages committed at once
  static constexpr std::uint32_t first_huge = 8192;  // from here on (30 MiB) a huge page more or less does not matter
  static constexpr std::uint32_t last = 1U << 31;

  void commit(std::uint64_t pages);
  void commit_up_to(std::uint64_t end, bool collapses);
  void map_block(std::uint32_t number);
  void use_huge_pages(std::uint32_t number) noexcept;

  // By bit width: where a block would begin if it held number 0.
  std::array<std::uintptr_t, 33> origins_{};
  std::uint32_t fresh_ = first;          // never handed out from here on
  std::uint32_t committed_end_ = first;  // up to here they may be
  std::uint32_t free_head_ = none;       // linked by next()
  std::uint64_t free_count_ = 0;
  std::vector<std::uint32_t> returned_{};  // released pages that take no memory
  bool is_small_ = false;
};

}  // namespace datawal::kv
