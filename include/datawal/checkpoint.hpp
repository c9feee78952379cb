#pragma once
// A consistent copy of a store that is in use.

#include <cstdint>
#include <filesystem>

namespace datawal {

/// What a checkpoint consists of.
struct CheckpointReport {
  std::uint64_t segments = 0;  ///< files
  std::uint64_t bytes = 0;     ///< of all its segments
  std::uint64_t linked = 0;    ///< segments that share their file with the store or the previous checkpoint
};

/// Options for making a checkpoint.
struct CheckpointOptions {
  /// An earlier checkpoint. A segment that it holds with the same bytes (they are compared) is linked to it, except its highest
  /// one. So it may have been opened as a store since and be in use: neither changes the other. Empty: none.
  std::filesystem::path previous{};
  CheckpointReport* report = nullptr;   ///< filled in on success; not owned
  std::uint32_t file_mode = 0600;       ///< permission bits of files that are copied, before the umask
  std::uint32_t directory_mode = 0700;  ///< of the new directory, before the umask
};

}  // namespace datawal
