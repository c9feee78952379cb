#pragma once
// The 64 bytes of `.watermark`: how far a sync has succeeded. A pure codec; docs/FORMAT.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace datawal::format {

inline constexpr std::size_t watermark_len = 64;  ///< bytes
inline constexpr std::string_view watermark_magic{"DWMK", 4};
inline constexpr std::uint32_t watermark_version = 1;

/// All records of `segment` that end at or below `offset` have been synced.
struct Watermark {
  std::uint32_t segment = 0;  ///< its id, 1 .. 99999999
  std::uint64_t inode = 0;    ///< of the segment's file: a copied store has another
  std::uint64_t offset = 0;   ///< bytes from the start of the segment
  std::uint64_t txid = 0;     ///< of the last record below `offset`

  friend bool operator==(const Watermark&, const Watermark&) = default;
};

[[nodiscard]] std::array<char, watermark_len> encode_watermark(const Watermark& watermark) noexcept;

/// nullopt unless `bytes` is exactly one whole watermark of this version.
[[nodiscard]] std::optional<Watermark> decode_watermark(std::string_view bytes) noexcept;

}  // namespace datawal::format
