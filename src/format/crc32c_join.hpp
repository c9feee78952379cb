#pragma once
// CRC-32Cs of parts from those of the whole, and the other way round, without reading a byte.

#include <cstdint>

namespace datawal::format {

/// The effect of any `len` further bytes on a CRC: that of `a` followed by `b` is
/// crc32c_behind(crc of a, length of b) ^ crc of b. Takes as many steps as `len` has bits.
[[nodiscard]] std::uint32_t crc32c_behind(std::uint32_t crc, std::uint64_t len) noexcept;

}  // namespace datawal::format
