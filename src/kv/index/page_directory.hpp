#pragma once
// Which page holds the tags with given leading bits: the table of extendible hashing, one per part of the key directory.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kv/index/striped_seqlock.hpp"

namespace datawal::kv {

/// A table of 2^depth page numbers, indexed by the leading bits of a tag. One writer, any number of readers. An outgrown
/// table is kept until the end, since a reader may still use it; all of them together are as large as the newest.
class PageDirectory {
 public:
  PageDirectory();  ///< One entry, 0. Throws std::bad_alloc.
  ~PageDirectory();
  PageDirectory(const PageDirectory&) = delete;
  PageDirectory& operator=(const PageDirectory&) = delete;

  /// Beyond this the leading bits leave too little of a tag.
  static constexpr std::uint32_t max_depth = 26;

  [[nodiscard]] std::uint32_t page_of(std::uint32_t tag) const noexcept {
    const std::uintptr_t table = table_.load(std::memory_order_acquire);
    const std::uint64_t index = static_cast<std::uint64_t>(tag) >> (table % entries_alignment);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the low bits of the word hold the depth
    const auto* const entries = reinterpret_cast<const std::uint32_t*>(table & ~(entries_alignment - 1));
    return load_shared(entries[index], std::memory_order_acquire);
  }

  [[nodiscard]] std::uint32_t depth() const noexcept {
    return tag_bits - static_cast<std::uint32_t>(table_.load(std::memory_order_relaxed) % entries_alignment);
  }

  /// Doubles the table; every tag keeps its page.
  /// @return false if there is no memory for that, or it has the greatest depth: nothing changed
  [[nodiscard]] bool grow() noexcept;

  /// Gives `page` the tags that share the first `depth` bits (at most depth()) of `tag`.
  void assign(std::uint32_t tag, std::uint32_t depth, std::uint32_t page) noexcept;

  /// Becomes a table of 2^depth entries, all of them 0. Nobody may use it yet. Throws std::bad_alloc.
  void begin(std::uint32_t depth);

  /// Calls `visit(tag, page)` for each of its pages in the order of their tags; `depth_of(page)` says of how many leading bits of `tag`.
  /// By whoever excludes all changes. A table without pages has none.
  template <class DepthOf, class Visit>
  void for_each(DepthOf&& depth_of, Visit&& visit) const {
    const std::uint32_t table_depth = depth();
    const std::uint32_t* const entries = newest_entries();
    for (std::uint64_t i = 0; i < std::uint64_t{1} << table_depth;) {
      const std::uint32_t page = entries[i];
      if (page == 0) return;
      visit(static_cast<std::uint32_t>(i << (tag_bits - table_depth)), page);
      i += std::uint64_t{1} << (table_depth - depth_of(page));
    }
  }

  /// Copies its entries, for which there is room.
  void copy_to(std::span<std::uint32_t> entries) const noexcept;

  /// Becomes a copy of `other`. Nobody may use this one yet. Throws std::bad_alloc.
  void copy(const PageDirectory& other);

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

 private:
  static constexpr std::uint32_t tag_bits = 32;
  static constexpr std::uintptr_t entries_alignment = 64;

  /// Precedes the entries, which share its alignment.
  struct alignas(entries_alignment) Header {
    Header* outgrown;
  };

  [[nodiscard]] std::uint32_t* newest_entries() const noexcept {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as above
    return reinterpret_cast<std::uint32_t*>(table_.load(std::memory_order_relaxed) & ~(entries_alignment - 1));
  }
  /// Makes the next table, empty and not yet published. Null if there is no memory.
  [[nodiscard]] std::uint32_t* allocate(std::uint32_t depth) noexcept;
  void publish(const std::uint32_t* entries, std::uint32_t depth) noexcept;

  std::atomic<std::uintptr_t> table_{0};  // address of the entries, and in its low bits tag_bits - depth
  Header* newest_ = nullptr;
};

}  // namespace datawal::kv
