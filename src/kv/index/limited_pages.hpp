#pragma once
// A key directory that keeps in memory only some of the pages that lie in a file.
//
// A chain is clean while it is, entry for entry, what one saved page says; its first page names that one. A clean chain can be taken
// out of memory: its words in the table become "on file" again. All others are dirty and stay.
//
// Invariant: a chain that is clean equals its saved page. Who changes a chain makes it dirty first (KeyDirectory::Change), and only a
// newer file makes it clean again, with the page that was written of it, if it was not changed since that one was frozen.
//
// Everything that is changed is changed under the mutex, besides the lock of the directory's owner where that is needed: so any thread
// may load a chain and take out others. Who prepares a change holds the chain first, which makes it dirty, so that it is still there
// when the change is made, which then cannot fail.
//
// Readers take no lock. To them, taking a chain out is a change like a split: inside a write section the word is replaced and the
// pages are emptied and released. Filling a page that was released before is one too, since somebody may still be looking at it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <datawal/error.hpp>

#include "base/fork_guard.hpp"
#include "base/mutex.hpp"
#include "kv/index/saved_pages.hpp"

namespace datawal::kv {

/// What a directory takes, and what it has on file.
struct DirectoryMemory {
  std::uint64_t bytes = 0;        ///< in memory, with its tables
  std::uint64_t pages = 0;        ///< in memory and in use
  std::uint64_t dirty_pages = 0;  ///< of these, those that have to stay until they are written
  std::uint64_t pages_on_file = 0;
  std::uint64_t pages_evicted = 0;  ///< so far
};

/// Which addresses a directory holds at one instant, as far as they are read.
struct DirectoryWalk {
  std::vector<std::uint64_t> addresses{};
  std::shared_ptr<const SavedGeneration> saved{};
  std::vector<std::uint32_t> on_file{};  ///< saved pages that are yet to be read, ascending
  std::uint64_t size = 0;                ///< how many addresses there will be

  /// Reads them; needs no lock. Throws std::bad_alloc. Errors as PageSource::read.
  [[nodiscard]] Result<void> finish();
};

/// Which of them are used: a byte each, by the number of their first page. Two may share one; then both are as used as either.
class UsedPages {
 public:
  explicit UsedPages(std::uint64_t pages);

  /// Any thread. Writes only where it is not set yet: a line that is only read stays with all processors.
  void note(std::uint32_t page) noexcept {
    std::atomic<std::uint8_t>& used = used_[page & mask_];
    if (used.load(std::memory_order_relaxed) == 0) used.store(1, std::memory_order_relaxed);
  }
  /// @return whether it was used since the last time
  [[nodiscard]] bool take(std::uint32_t page) noexcept {
    std::atomic<std::uint8_t>& used = used_[page & mask_];
    if (used.load(std::memory_order_relaxed) == 0) return false;
    used.store(0, std::memory_order_relaxed);
    return true;
  }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return std::uint64_t{mask_} + 1; }

 private:
  std::uint32_t mask_;
  std::unique_ptr<std::atomic<std::uint8_t>[]> used_;
};

struct LimitedPages {
  explicit LimitedPages(std::uint64_t bytes) : limit_bytes(bytes), used(bytes / saved_page_len) {}

  const std::uint64_t limit_bytes;
  const ForkGuard process{};  ///< in a forked child the mutex may be held for ever
  UsedPages used;
  Mutex mutex{};  ///< guards what follows, and all of the directory

  std::shared_ptr<const SavedGeneration> saved = std::make_shared<SavedGeneration>();
  std::vector<std::uint32_t> clean{};  ///< first pages of clean chains: the ring of the clock
  std::size_t hand = 0;                ///< in that
  std::uint64_t clean_pages = 0;       ///< in all of these chains
  std::uint64_t chains_on_file = 0;
  std::uint64_t pages_on_file = 0;  ///< in all of these
  std::uint64_t pages_evicted = 0;
  std::uint64_t reserved = 0;  ///< pages that a load must leave for inserts
};

/// Holds the mutex of a directory whose memory is limited.
class Exclusive {
 public:
  explicit Exclusive(LimitedPages* pages) DATAWAL_NO_THREAD_SAFETY_ANALYSIS : pages_(pages) {  // there may be none
    if (pages_ != nullptr) [[unlikely]]
      pages_->mutex.lock();
  }
  ~Exclusive() DATAWAL_NO_THREAD_SAFETY_ANALYSIS {
    if (pages_ != nullptr) [[unlikely]]
      pages_->mutex.unlock();
  }
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;

 private:
  LimitedPages* const pages_;
};

}  // namespace datawal::kv
