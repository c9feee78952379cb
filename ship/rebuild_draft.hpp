#pragma once
// The directory in which a store is rebuilt, until it has its name.

#include <cstdint>
#include <filesystem>
#include <optional>

#include <datawal/log_rebuilder.hpp>

#include "ship/outcome.hpp"

namespace datawal::ship {

/// Is removed with all that is in it, unless it was given its name: what did not become whole takes no room.
class RebuildDraft {
 public:
  /// Makes the directory; removes first what one that was killed has left there.
  /// @return exit_usage if another one is at work there
  [[nodiscard]] static Outcome<RebuildDraft> make(std::filesystem::path path);

  RebuildDraft(RebuildDraft&& other) noexcept
      : path_(std::exchange(other.path_, {})), log_(std::exchange(other.log_, std::nullopt)), inode_(other.inode_) {}
  RebuildDraft& operator=(RebuildDraft&&) = delete;
  ~RebuildDraft();

  [[nodiscard]] LogRebuilder& log() noexcept { return *log_; }

  /// Gives the directory its name, and then closes the log: its lock is held all the time. Durable on return.
  [[nodiscard]] Outcome<void> name(const std::filesystem::path& name);

 private:
  RebuildDraft(std::filesystem::path path, LogRebuilder log, std::uint64_t inode)
      : path_(std::move(path)), log_(std::move(log)), inode_(inode) {}

  std::filesystem::path path_;  // empty: it has its name, or was moved
  std::optional<LogRebuilder> log_;
  std::uint64_t inode_ = 0;
};

}  // namespace datawal::ship
