#pragma once
// What follows the valid prefix of a segment: zeros, garbage, and whole records among the garbage.

#include <cstdint>
#include <functional>
#include <limits>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::segment {

/// The offset after the last nonzero byte in [begin, end); `begin` if there is none. Skips holes.
[[nodiscard]] Result<std::uint64_t> end_of_data(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

/// True if all bytes in [begin, end) are zero. Reads no further than the first that is not.
[[nodiscard]] Result<bool> is_zeros(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

/// Counts the bytes that are checksummed.
struct CrcWork {
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  ///< a frame that would take more is skipped
  std::uint64_t done = 0;
};

/// Calls `found` for each whole record in [begin, end), wherever it starts: searches for the magic and lets the CRC judge, then
/// continues after each record found. Skips holes. Even a file full of false headers does not slow it down much: besides the bytes
/// of the records found, it takes at most six bytes of CRC work per byte and 1,024 per header.
/// @return how many were found
[[nodiscard]] Result<std::uint64_t> find_records(
    safeatomic::File& file, std::uint64_t begin, std::uint64_t end, CrcWork& work,
    const std::function<Result<void>(std::uint64_t offset, const format::DecodedRecord&)>& found);

/// How many whole records lie in [begin, end), or a lower bound: at most 8 bytes of CRC work per byte searched.
[[nodiscard]] Result<std::uint64_t> count_records(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

}  // namespace datawal::segment
