#pragma once
// `.index` as bytes: docs/FORMAT.md, "The persisted index". Pure; no I/O.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <datawal/record.hpp>

#include "kv/index/saved_pages.hpp"
#include "kv/records/segment_file.hpp"

namespace datawal::kv {

inline constexpr std::string_view index_magic{"DWINDEX1", 8};

/// Of the pages: where entries lie in them, the hash, the home of a tag. Raised on any change.
inline constexpr std::uint32_t index_layout = 2;

/// The file holds a directory of keys.
inline constexpr std::uint32_t flag_has_directory = 1;

inline constexpr std::size_t index_header_len = 112;
inline constexpr std::size_t index_segment_len = 152;
inline constexpr std::size_t index_part_len = 8;
inline constexpr std::size_t index_page_len = 16;

/// What the file begins with.
struct IndexHeader {
  std::uint32_t layout = index_layout;
  std::uint32_t flags = flag_has_directory;
  std::uint64_t hash_seed = 0;
  std::uint64_t generation = 0;
  RecordRef last{};  ///< the record that ends at P
  std::uint32_t segments = 0;
  std::uint64_t last_txid = 0;
  std::uint64_t keys = 0;
  std::uint64_t pages = 0;
  std::uint64_t pages_begin = 0;  ///< offset of the first page, a multiple of their length
  std::uint64_t written_ns = 0;   ///< by the clock that stamps files
  std::uint32_t metadata_crc = 0;

  /// P: where it ends.
  [[nodiscard]] std::uint64_t end() const noexcept { return last.offset + last.len; }
};

/// One segment as it was at P.
struct IndexSegment {
  std::uint32_t id = 0;
  std::uint32_t generation = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  ///< of the one that P lies in, up to there
  std::uint64_t modified_ns = 0;
  std::uint64_t first_extent = 0;
  std::uint64_t extents = 0;
  SegmentCounts counts{};
  std::uint64_t needed_tombstone_bytes = 0;
  RecordChain chain{};
};

[[nodiscard]] std::array<char, index_header_len> encode_index_header(const IndexHeader& header) noexcept;
/// How a header reads.
enum class HeaderVerdict : std::uint8_t { sound, damaged, unknown_layout };
[[nodiscard]] HeaderVerdict decode_index_header(std::span<const char, index_header_len> bytes,
                                                IndexHeader& header) noexcept;

[[nodiscard]] std::array<char, index_segment_len> encode_index_segment(const IndexSegment& segment) noexcept;
[[nodiscard]] IndexSegment decode_index_segment(std::span<const char, index_segment_len> bytes) noexcept;

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
