#pragma once
// Pages of a key directory that lie in a file.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>

namespace datawal::kv {

/// Bytes of a page in a file.
inline constexpr std::size_t saved_page_len = 4096;

/// Parts of a key directory.
inline constexpr std::size_t part_count = 16;

/// A page of the table and those chained to it.
struct SavedPage {
  std::uint32_t tag = 0;    ///< the leading `depth` bits that the tags in it share; the other bits are 0
  std::uint32_t depth = 0;  ///< how many leading bits that are, at most 26
  std::uint32_t page = 0;   ///< the number of the first in the file; the others follow it
  std::uint32_t chain = 0;  ///< how many there are; at least 1
  std::uint32_t crc = 0;    ///< of the bytes of all of them
};

/// Which pages a directory is made of.
struct SavedDirectory {
  struct Part {
    std::uint32_t depth = 0;      ///< of its table, the greatest of its pages
    std::size_t pages_begin = 0;  ///< its first one in `pages`; the next part's is the end
    std::size_t pages_end = 0;
  };
  std::array<Part, part_count> parts{};
  std::vector<SavedPage> pages{};  ///< part by part in the order of their tags, and in the file one behind the other
  std::uint64_t page_count = 0;    ///< with those that are chained
  std::uint64_t keys = 0;          ///< entries in all of them
};

/// The address of the same record elsewhere: in a file where it is in memory, or the other way round.
using SavedAddress = std::function<std::uint64_t(std::uint64_t address)>;

/// Where saved pages lie. Threads: any.
class PageSource {
 public:
  PageSource() = default;
  PageSource(const PageSource&) = delete;
  PageSource& operator=(const PageSource&) = delete;
  virtual ~PageSource() = default;

  /// Reads whole pages from `page` on.
  /// @return io; corruption if the file ends before
  [[nodiscard]] virtual Result<void> read(std::uint32_t page, std::span<char> into) = 0;

  /// Whether these bytes are what was saved.
  [[nodiscard]] virtual bool is_intact(const SavedPage& page, std::string_view bytes) const noexcept = 0;

  /// What the addresses in them are in memory; null: the same. One that leads nowhere is 0.
  [[nodiscard]] virtual const SavedAddress* in_memory() const noexcept { return nullptr; }

  /// What to say of a page that is not: nothing may be concluded from it, and the file is of no more use.
  [[nodiscard, gnu::cold]] virtual Error damaged(const SavedPage& page) = 0;
};

/// The pages of one file. Never changes.
struct SavedGeneration {
  SavedDirectory directory{};
  std::shared_ptr<PageSource> source{};
};

}  // namespace datawal::kv
