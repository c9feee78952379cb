#pragma once
// Which pages of a key directory have not been read from their file yet.
//
// A word of a table says that its page is on file: the top bit, and which of the saved pages it is. Whoever meets one loads the page
// under the mutex and then publishes its number in the table with release, as a split does. A page that is on file is looked at and
// changed by nobody, so that loading needs no lock of the directory's owner. A table grows under the mutex too, so the newest one
// always tells the truth; a reader with an outgrown one asks it again.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/mutex.hpp"
#include "kv/index/saved_pages.hpp"

namespace datawal::kv {

/// The word of a table whose page is on file.
inline constexpr std::uint32_t on_file_bit = 1U << 31;

/// Pages of a block of the arena, in the order of the file, of which some are there.
struct UnloadedPages {
  UnloadedPages(SavedDirectory saved, std::shared_ptr<PageSource> from, std::uint32_t first)
      : directory(std::move(saved)), source(std::move(from)), first_number(first) {}

  [[nodiscard]] const SavedPage& at(std::uint32_t word) const noexcept { return directory.pages[word & ~on_file_bit]; }

  const SavedDirectory directory;
  const std::shared_ptr<PageSource> source;
  const std::uint32_t first_number;  ///< what page 0 of the file is in the arena
  Mutex mutex{};                     ///< held while a page is loaded and published, and while a table grows
  std::uint64_t keys_loaded DATAWAL_GUARDED_BY(mutex) = 0;  ///< in the pages that were loaded
  std::string buffer DATAWAL_GUARDED_BY(mutex){};           ///< for one page and those chained to it
  std::atomic<bool> is_all_loaded{false};
};

}  // namespace datawal::kv
