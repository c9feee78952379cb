#pragma once
// Keeps what is cut: `NNNNNNNN.dwal.torn-OFFSET` beside the segment.

#include <cstdint>
#include <filesystem>
#include <string>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::log {

/// Copies [begin, end) of the segment `id`, open as `source`, to a quarantine file of its own. On return the copy and its name
/// survive a loss of power.
/// @return its path; no_space with the number of bytes needed, nothing left behind
[[nodiscard]] Result<std::filesystem::path> quarantine_bytes(safeatomic::FileSystem& file_system,
                                                             safeatomic::Directory& directory, safeatomic::File& source,
                                                             std::uint32_t id, std::uint64_t begin, std::uint64_t end);

/// Renames the whole segment `id` to a quarantine name. The directory is synced.
[[nodiscard]] Result<std::filesystem::path> quarantine_segment(safeatomic::Directory& directory, std::uint32_t id);

}  // namespace datawal::log
