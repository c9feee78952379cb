#pragma once
// Computes the CRC-32Cs of many short pieces at once; for tests and benchmarks, also the ways that format::crc32c chooses
// from.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace datawal::format {

/// This many pieces keep the CPU busy: an instruction for 8 bytes takes three cycles, and one can begin in each.
inline constexpr std::size_t crcs_at_once = 4;

/// format::crc32c of each of several pieces, in the time of one.
[[nodiscard]] std::array<std::uint32_t, crcs_at_once> crc32c_of_each(
    const std::array<std::string_view, crcs_at_once>& pieces) noexcept;

}  // namespace datawal::format

namespace datawal::format::detail {

/// Whole blocks of this many bytes go to ISA-L, which folds them. Fewer bytes, also those after such blocks, are faster
/// by one `crc32q` after the other: bench/format_bench.cpp.
inline constexpr std::size_t crc_block = 256;

/// All variants take and return the CRC of format::crc32c; they differ only in speed.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t crc) noexcept;
[[nodiscard]] std::uint32_t crc32c_isal(std::string_view bytes, std::uint32_t crc) noexcept;

/// True if this CPU has an instruction for it. Only then may crc32c_instruction be called.
[[nodiscard]] bool has_crc32c_instruction() noexcept;
[[nodiscard]] std::uint32_t crc32c_instruction(std::string_view bytes, std::uint32_t crc) noexcept;

}  // namespace datawal::format::detail
