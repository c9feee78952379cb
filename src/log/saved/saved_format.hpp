#pragma once
// The description of a log up to P as bytes: a header, and an entry for every segment. docs/FORMAT.md, "The persisted index". Pure; no I/O.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <datawal/record.hpp>

#include "format/frame.hpp"
#include "log/saved/segment_counts.hpp"

namespace datawal::log {

inline constexpr std::string_view saved_magic{"DWINDEX1", 8};

/// The layout of the fields and of the pages: where entries lie in them, the hash, the home of a tag. Raised on any change.
inline constexpr std::uint32_t saved_layout = 2;

/// The file holds a directory of keys: `.index` does, `.state` does not.
inline constexpr std::uint32_t flag_has_directory = 1;

inline constexpr std::size_t saved_header_len = 112;
inline constexpr std::size_t saved_segment_len = 152;

/// The description of the log is padded to a multiple of it.
inline constexpr std::size_t saved_page_len = 4096;

/// What the file begins with.
struct SavedHeader {
  std::uint32_t layout = saved_layout;
  std::uint32_t flags = 0;
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

  /// P: the end of the last record described.
  [[nodiscard]] std::uint64_t end() const noexcept { return last.offset + last.len; }
};

/// One segment as it was at P.
struct SavedSegment {
  std::uint32_t id = 0;
  std::uint32_t generation = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  ///< of the one that P lies in, up to there
  std::uint64_t modified_ns = 0;
  std::uint64_t first_extent = 0;  ///< with `extents`, its addresses in `.index`
  std::uint64_t extents = 0;
  SegmentCounts counts{};
  std::uint64_t needed_tombstone_bytes = 0;
  RecordChain chain{};
};

[[nodiscard]] std::array<char, saved_header_len> encode_saved_header(const SavedHeader& header) noexcept;

/// What a header turned out to be.
enum class HeaderVerdict : std::uint8_t { sound, damaged, unknown_layout };
/// @param flags  that it must have
[[nodiscard]] HeaderVerdict decode_saved_header(std::span<const char, saved_header_len> bytes, std::uint32_t flags,
                                                SavedHeader& header) noexcept;

[[nodiscard]] std::array<char, saved_segment_len> encode_saved_segment(const SavedSegment& segment) noexcept;
[[nodiscard]] SavedSegment decode_saved_segment(std::span<const char, saved_segment_len> bytes) noexcept;

/// Fields one behind the other.
class FieldEncoder {
 public:
  explicit FieldEncoder(char* to) noexcept : to_(to) {}
  template <class Integer>
  FieldEncoder& operator<<(Integer value) noexcept {
    format::store(to_, value);
    to_ += sizeof value;
    return *this;
  }

 private:
  char* to_;
};

class FieldDecoder {
 public:
  explicit FieldDecoder(const char* from) noexcept : from_(from) {}
  template <class Integer>
  FieldDecoder& operator>>(Integer& value) noexcept {
    value = format::load<Integer>(from_);
    from_ += sizeof value;
    return *this;
  }

 private:
  const char* from_;
};

}  // namespace datawal::log
