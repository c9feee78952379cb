#pragma once
// Copying bytes between files, holes left out.

#include <cstdint>

#include <safeatomic/file_system.hpp>

namespace datawal::segment {

/// Copies [begin, end) of `from` to the start of `to`, a new file. Holes stay holes; `to` gets the size end - begin. Syncs nothing.
[[nodiscard]] safeatomic::Result<void> copy_range(safeatomic::File& from, std::uint64_t begin, std::uint64_t end,
                                                  safeatomic::File& to);

/// Writes [begin, end) of `file` again with the bytes that it reads there, so that the next sync puts them on the disk
/// even if their pages were wrongly taken for clean. Syncs nothing.
[[nodiscard]] safeatomic::Result<void> rewrite_range(safeatomic::File& file, std::uint64_t begin, std::uint64_t end);

}  // namespace datawal::segment
