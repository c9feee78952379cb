#pragma once
// The text of `.holds`: what consumers still need. A pure codec; docs/FORMAT.md.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/holds.hpp>

namespace datawal::format {

inline constexpr std::string_view holds_head = "datawal holds 1\n";

/// Bytes of the longest file: the head, the longest lines, and the checksum's.
inline constexpr std::size_t max_holds_len = holds_head.size() + max_holds * (max_hold_name_len + 22) + 16;

[[nodiscard]] bool is_hold_name(std::string_view name) noexcept;

/// @param holds  ascending by name, none twice
[[nodiscard]] std::string encode_holds(std::span<const Hold> holds);

/// What a file turned out to be.
enum class HoldsFile : std::uint8_t { whole, damaged, newer_version };

struct DecodedHolds {
  HoldsFile file = HoldsFile::damaged;
  std::vector<Hold> holds{};  ///< if it is whole, ascending by name
};

/// Whole only if `bytes` are what encode_holds() makes of these holds.
[[nodiscard]] DecodedHolds decode_holds(std::string_view bytes);

}  // namespace datawal::format
