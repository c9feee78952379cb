#pragma once
// Loops over the seam's single calls: short reads and writes, interruptions.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// Writes all of `parts`, back to back, from `offset` on. After an error it is unknown how much is in the file.
[[nodiscard]] Result<void> write_all(File& file, std::uint64_t offset, std::span<const std::string_view> parts);
[[nodiscard]] Result<void> write_all(File& file, std::uint64_t offset, std::string_view bytes);

/// Reads until `into` is full or the file ends.
/// @return how many bytes were read; fewer than `into.size()` only at the end of the file.
[[nodiscard]] Result<std::size_t> read_all(File& file, std::uint64_t offset, std::span<char> into);

}  // namespace safeatomic
