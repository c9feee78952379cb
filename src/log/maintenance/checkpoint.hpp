#pragma once
// Makes a snapshot a directory of its own.

#include <cstdint>
#include <filesystem>
#include <memory>

#include <datawal/checkpoint.hpp>
#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "log/read/snapshot.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

/// The source of a checkpoint.
struct CheckpointSource {
  safeatomic::FileSystem& file_system;
  const Snapshot& snapshot;
  std::uint64_t end = 0;   ///< bytes of whole records in the highest segment
  bool is_synced = false;  ///< the sealed segments are known to be on the disk
};

/// Makes `dir`, which is absent and whose parent exists: sealed segments as hard links where the operating system lets us, copies
/// otherwise; the highest one always as a copy, since it may be appended to. Built under a temporary name beside it, synced,
/// renamed, then the parent synced: complete or absent after a crash.
/// @return already_exists; not_found if the parent is absent; snapshot_expired if a segment was replaced and could not be kept
///   open; no_space; io
[[nodiscard]] Result<void> write_checkpoint(const CheckpointSource& source, const std::filesystem::path& dir,
                                            const CheckpointOptions& options);

/// A checkpoint of a log that this process writes.
[[nodiscard]] Result<void> checkpoint(const LogCore& core, const std::filesystem::path& dir,
                                      const CheckpointOptions& options);

/// A checkpoint of a log that another process may be writing.
/// @return also corruption or unsupported_version, if the highest segment ends with either
[[nodiscard]] Result<void> checkpoint(safeatomic::FileSystem& file_system,
                                      const std::shared_ptr<const Snapshot>& snapshot, const std::filesystem::path& dir,
                                      const CheckpointOptions& options);

}  // namespace datawal::log
