#pragma once
// A key directory as it was at one instant, copied while it goes on.
//
// At that instant its tables are copied, and it begins an epoch. The first page of a chain carries the epoch in which the chain was
// copied or made. Who is about to change a chain of an earlier epoch copies it to here first, and so does who takes one chain after
// the other; both hold the lock of the directory's owner. So each chain is copied once, as it was at that instant.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <datawal/error.hpp>

#include "kv/index/page_arena.hpp"
#include "kv/index/page_directory.hpp"
#include "kv/index/saved_pages.hpp"

namespace datawal::kv {

/// Where chains go that too much memory would be needed for. One thread at a time.
class PageOverflow {
 public:
  PageOverflow() = default;
  PageOverflow(const PageOverflow&) = delete;
  PageOverflow& operator=(const PageOverflow&) = delete;
  virtual ~PageOverflow() = default;

  /// Writes at the end of what was written. @return no_space, io
  [[nodiscard]] virtual Result<void> append(std::span<const char> bytes) = 0;
  /// Reads what was written. @return io
  [[nodiscard]] virtual Result<void> read(std::uint64_t offset, std::span<char> into) = 0;
};

/// A page and those chained to it.
struct FrozenChain {
  std::vector<std::unique_ptr<Page>> pages{};
  std::uint64_t overflow_offset = 0;  ///< where they lie,
  std::size_t overflow_pages = 0;     ///< and how many; 0: they are here
  std::uint32_t on_file = 0;          ///< the word of a table that says where they are on file; 0: they are here
};

/// What freezing a directory needs room for.
struct DirectoryExtent {
  std::array<std::uint32_t, part_count> depths{};
  std::uint32_t page_numbers = 0;  ///< all are below it
  std::uint64_t pages = 0;
};

/// Threads: by the lock of the directory's owner, but for prepare(), heads(), depth() and fetch(), which are for the one that takes.
class FrozenDirectory {
 public:
  /// Where a chain begins, and what its tags share: the leading `depth` bits of `tag`.
  struct Head {
    std::uint32_t tag = 0;
    std::uint32_t depth = 0;
    std::uint32_t page = 0;
  };

  /// @param overflow   outlives this
  /// @param kept_max   pages that may wait in memory for their turn; more go to the overflow
  FrozenDirectory(PageOverflow& overflow, std::size_t kept_max) : overflow_(overflow), kept_max_(kept_max) {}

  /// Makes room for a directory of some more than this, and touches it. Throws std::bad_alloc.
  void prepare(const DirectoryExtent& extent);

  /// Of a part, in the order of their tags. Throws std::bad_alloc.
  [[nodiscard]] std::vector<Head> heads(std::size_t part) const;
  /// Of a part's table.
  [[nodiscard]] std::uint32_t depth(std::size_t part) const noexcept { return tables_[part].depth; }

  /// Gets the pages of a chain that went to the overflow, or were on file. Errors also as PageSource::read.
  [[nodiscard]] Result<void> fetch(FrozenChain& chain);

 private:
  friend class KeyDirectory;

  struct Table {
    std::uint32_t depth = 0;
    std::vector<std::uint32_t> entries{};
  };

  [[nodiscard]] bool has_room_for(const DirectoryExtent& extent) const noexcept;
  void note(std::size_t part, const PageDirectory& table) noexcept;
  /// The chain of `head` is about to be changed.
  void keep(std::uint32_t head, const PageArena& arena) noexcept;
  /// Throws std::bad_alloc, also if keep() had no memory.
  /// @param is_kept  it was changed meanwhile
  [[nodiscard]] Result<FrozenChain> take(std::uint32_t head, bool is_kept, const PageArena& arena);
  /// These are written: their pages may be used again.
  void recycle(std::vector<FrozenChain>& chains) noexcept;
  [[nodiscard]] FrozenChain copy(std::uint32_t head, const PageArena& arena);
  [[nodiscard]] std::unique_ptr<Page> spare_page();
  [[nodiscard]] Result<void> put_away(FrozenChain& chain);

  PageOverflow& overflow_;
  const std::size_t kept_max_;
  std::array<Table, part_count> tables_{};
  std::shared_ptr<const SavedGeneration> saved_{};  // where what was on file is
  std::vector<std::uint32_t> places_;               // by number of a chain's first page: where in kept_ it is, from 1
  std::deque<FrozenChain> kept_;
  std::size_t kept_pages_ = 0;                // in memory
  std::uint64_t overflow_end_ = 0;            // bytes written there
  std::vector<std::unique_ptr<Page>> spare_;  // pages that wait to be used again
  // A chain could not be kept: then all is of no use.
  std::optional<Error> lost_{};
  bool is_out_of_memory_ = false;
};

}  // namespace datawal::kv
