#pragma once
// The directory of a store: finds it, makes it, and lists what is in it.

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
inline constexpr const char* holds_name = ".holds";
inline constexpr const char* index_name = ".index";  // of the key/value store: a cache
inline constexpr const char* state_name = ".state";  // of the log: a cache

/// True if a file of that name in a store's directory belongs to the store: nobody else may put one there.
[[nodiscard]] bool is_store_name(std::string_view name);

/// The file system in the options, or the operating system's.
[[nodiscard]] safeatomic::FileSystem& file_system_of(safeatomic::FileSystem* chosen) noexcept;

/// Opens an existing directory.
/// @return not_found if it is absent
[[nodiscard]] Result<std::unique_ptr<safeatomic::Directory>> open_store_directory(safeatomic::FileSystem& file_system,
                                                                                  const std::filesystem::path& dir);

/// Fails on a network filesystem, unless the options allow it.
[[nodiscard]] Result<void> refuse_network(const safeatomic::Directory& directory, const OpenOptions& options);

/// Fails if OpenOptions::mode forbids that there is a store, or that there is none. Called before anything is made or locked, and
/// again under the lock, which others may have held meanwhile.
[[nodiscard]] Result<void> refuse_mode(safeatomic::Directory& directory, OpenMode mode);

/// Fails if an option is invalid.
[[nodiscard]] Result<void> refuse_options(const OpenOptions& options);

/// open_store_directory(), after making the directory and its missing parents if the mode allows that; does not sync their names.
/// Before it makes anything it refuses invalid options, a store that must not or must be there, and network filesystems.
[[nodiscard]] Result<std::unique_ptr<safeatomic::Directory>> make_store_directory(safeatomic::FileSystem& file_system,
                                                                                  const std::filesystem::path& dir,
                                                                                  const OpenOptions& options);

/// Fails if `place`, where something new will be made, lies below the store's directory: everything there is copied or removed with
/// the store, and a copy would be part of what it copies.
[[nodiscard]] Result<void> refuse_place_inside(safeatomic::FileSystem& file_system, const std::filesystem::path& place,
                                               const safeatomic::Directory& store, std::string_view action);

/// Durably removes the persisted index, the state of the log, or both, since what they describe is about to be changed. Does nothing
/// if there is none, or if what has the name cannot be one.
[[nodiscard]] Result<void> remove_cache(safeatomic::Directory& directory, const char* name);
[[nodiscard]] Result<void> remove_index_and_state(safeatomic::Directory& directory);

/// Syncs the directory and every one above it up to the mount point, so that its name survives a loss of power.
[[nodiscard]] Result<void> sync_with_ancestors(safeatomic::Directory& directory);

/// The files of the store in a directory.
struct StoreListing {
  std::vector<segment::Entry> segments;  ///< ascending
  std::vector<std::string> temporaries;  ///< left by an interrupted operation
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
