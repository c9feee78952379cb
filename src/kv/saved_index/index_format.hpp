#pragma once
// The directory of `.index` as bytes, behind what it shares with `.state`: docs/FORMAT.md, "The persisted index". Pure; no I/O.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kv/index/saved_pages.hpp"
#include "log/saved/saved_format.hpp"

namespace datawal::kv {

inline constexpr std::size_t index_part_len = 8;
inline constexpr std::size_t index_page_len = 16;

static_assert(saved_page_len == log::saved_page_len);  // pages begin where the description of the log ends

/// What each part of the directory begins with.
struct IndexPart {
  std::uint32_t depth = 0;
  std::uint32_t pages = 0;  ///< of its table
};
[[nodiscard]] std::array<char, index_part_len> encode_index_part(const IndexPart& part) noexcept;
[[nodiscard]] IndexPart decode_index_part(std::span<const char, index_part_len> bytes) noexcept;

[[nodiscard]] std::array<char, index_page_len> encode_index_page(const SavedPage& page) noexcept;
/// Its tag is for whoever knows those before it. nullopt if it lies in another file.
[[nodiscard]] std::optional<SavedPage> decode_index_page(std::span<const char, index_page_len> bytes) noexcept;

/// Pages that may be chained: 400,000 keys with one tag, which only somebody who makes them has. So many are read at once.
inline constexpr std::uint32_t longest_chain = 1024;

/// A table of 2^depth entries is not out of proportion to its pages, chained ones not counted: hashes are spread so evenly that none
/// that was not made on purpose is, and none is allocated.
[[nodiscard]] constexpr bool is_sane_depth(std::uint32_t depth, std::uint64_t pages) noexcept {
  constexpr std::uint32_t deepest = 26;
  constexpr std::uint64_t entries_a_page = 16;
  return depth <= deepest && (std::uint64_t{1} << depth) <= entries_a_page * pages;
}

}  // namespace datawal::kv
