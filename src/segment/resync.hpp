#pragma once
// What lies behind the valid prefix of a segment: zeros, garbage, and whole records among the garbage.

#include <cstdint>
#include <functional>
#include <limits>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::segment {

/// The offset behind the last byte in [begin, end) that is not zero; `begin` if there is none. Skips holes.
[[nodiscard]] Result<std::uint64_t> end_of_data(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

/// Whether no byte in [begin, end) is anything but zero. Reads no further than to the first that is.
[[nodiscard]] Result<bool> is_zeros(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

/// Bytes that go through a checksum.
struct CrcWork {
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  ///< a frame that would take more is passed over
  std::uint64_t done = 0;
};

/// Calls `found` for each whole record in [begin, end), wherever it starts: searches for the magic and lets the CRC judge, going
/// on behind each record found. Skips holes. Even a file full of false headers cannot hold anybody up: besides the bytes of the
/// records found, it takes at most six bytes of CRC work per byte and 1,024 per header.
/// @return how many were found
[[nodiscard]] Result<std::uint64_t> find_records(
    safeatomic::File& file, std::uint64_t begin, std::uint64_t end, CrcWork& work,
    const std::function<Result<void>(std::uint64_t offset, const format::DecodedRecord&)>& found);

/// How many whole records lie in [begin, end), or a lower bound: at most 8 bytes of CRC work per byte searched.
[[nodiscard]] Result<std::uint64_t> count_records(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

}  // namespace datawal::segment
