#pragma once
// The directory of a store: finding it, making it, and what is in it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <safeatomic/file_system.hpp>

#include "segment/listing.hpp"

namespace datawal::log {

inline constexpr const char* lock_name = ".lock";
inline constexpr const char* watermark_name = ".watermark";

/// Whether a file of that name in a store's directory means something to the store: nobody else may put one there.
[[nodiscard]] bool is_store_name(std::string_view name);

/// The file system that the options name, or the operating system's.
[[nodiscard]] safeatomic::FileSystem& file_system_of(safeatomic::FileSystem* chosen) noexcept;

/// Opens an existing directory.
/// @return not_found if it is absent
[[nodiscard]] Result<std::unique_ptr<safeatomic::Directory>> open_store_directory(safeatomic::FileSystem& file_system,
                                                                                  const std::filesystem::path& dir);

/// Fails on a network filesystem, unless the options allow them.
[[nodiscard]] Result<void> refuse_network(const safeatomic::Directory& directory, const OpenOptions& options);

/// Fails if a store is there, or none, and OpenOptions::mode does not want that. Asked before anything is made or locked, and again
/// under the lock, which others may have had meanwhile.
[[nodiscard]] Result<void> refuse_mode(safeatomic::Directory& directory, OpenMode mode);

/// Fails where an option makes no sense.
[[nodiscard]] Result<void> refuse_options(const OpenOptions& options);

/// open_store_directory(), after making the directory and its missing parents, if the mode allows that; their names are not synced.
/// Refuses what makes no sense, a store that must not be there, or must, and network filesystems, before anything is made.
[[nodiscard]] Result<std::unique_ptr<safeatomic::Directory>> make_store_directory(safeatomic::FileSystem& file_system,
                                                                                  const std::filesystem::path& dir,
                                                                                  const OpenOptions& options);

/// Fails if `place`, where something new is to be made, lies below the store's directory: everything there goes with the store when it is
/// copied or removed, and a copy would be a part of what it is a copy of.
[[nodiscard]] Result<void> refuse_place_inside(safeatomic::FileSystem& file_system, const std::filesystem::path& place,
                                               const safeatomic::Directory& store, std::string_view action);

/// Syncs the directory and every one above it up to the mount point, so that its name survives a loss of power.
[[nodiscard]] Result<void> sync_with_ancestors(safeatomic::Directory& directory);

/// What a directory holds, as far as it is ours.
struct StoreListing {
  std::vector<segment::Entry> segments;  ///< ascending
  std::vector<std::string> temporaries;  ///< what an interrupted operation left
  std::uint64_t quarantined = 0;         ///< files `*.dwal.torn-*`
};

/// What earlier recoveries and repairs kept in a store's directory.
struct Quarantine {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

[[nodiscard]] Result<Quarantine> quarantine_in(safeatomic::Directory& directory);

/// @return corruption if an entry named like a segment is not a regular file
[[nodiscard]] Result<StoreListing> list_store(safeatomic::Directory& directory);

}  // namespace datawal::log
