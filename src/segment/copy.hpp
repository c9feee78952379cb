#pragma once
// Copies bytes between files, leaving out holes.

#include <cstdint>

#include <safeatomic/file_system.hpp>

namespace datawal::segment {

/// Copies [begin, end) of `from` to the start of `to`, a new file. Holes stay holes; `to` gets the size end - begin. Syncs nothing.
[[nodiscard]] safeatomic::Result<void> copy_range(safeatomic::File& from, std::uint64_t begin, std::uint64_t end,
                                                  safeatomic::File& to);

/// Reads [begin, end) of `file` and writes it again, so that the next sync puts it on the disk even if its pages were
/// wrongly taken for clean. Syncs nothing.
[[nodiscard]] safeatomic::Result<void> rewrite_range(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

}  // namespace datawal::segment
