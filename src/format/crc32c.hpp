#pragma once
// The ways to compute a CRC-32C: of many short pieces at once; and, for tests and benchmarks, those that format::crc32c
// chooses from.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace datawal::format {

/// So many pieces keep the CPU busy: an instruction for 8 bytes takes three cycles, and one can begin in each.
inline constexpr std::size_t crcs_at_once = 4;

/// The CRCs of separate pieces, in the time of one: format::crc32c of each.
[[nodiscard]] std::array<std::uint32_t, crcs_at_once> crc32c_of_each(
    const std::array<std::string_view, crcs_at_once>& pieces) noexcept;

}  // namespace datawal::format

namespace datawal::format::detail {

/// Whole blocks of this many bytes are for ISA-L, which folds them; what is less is faster by one `crc32q` after the
/// other, behind such blocks too: bench/format_bench.cpp.
inline constexpr std::size_t crc_block = 256;

/// All variants take and return the CRC of format::crc32c; they differ in speed alone.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t crc) noexcept;
[[nodiscard]] std::uint32_t crc32c_isal(std::string_view bytes, std::uint32_t crc) noexcept;

/// Whether this CPU has an instruction for it. Only then crc32c_instruction may be called.
[[nodiscard]] bool has_crc32c_instruction() noexcept;
[[nodiscard]] std::uint32_t crc32c_instruction(std::string_view bytes, std::uint32_t crc) noexcept;

}  // namespace datawal::format::detail
