#pragma once
// Numbers as people type them.

#include <cstdint>
#include <optional>
#include <string_view>

namespace datawal::cli {

/// Decimal digits and nothing else.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text) noexcept;

/// A count of bytes, or of KiB, MiB, GiB or TiB with K, M, G or T after it.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept;

}  // namespace datawal::cli
