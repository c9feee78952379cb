#pragma once
// Sleeps until something changes in a directory.

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace safeatomic {

/// Woken by inotify where available: by a write through a system call to a file in the directory, and by a name that comes or
/// goes. Stores through a mapping wake nobody, nor does another machine on a network filesystem, so the caller must look again
/// after a while. One thread.
class DirectoryWatch {
 public:
  /// If inotify refuses (no more instances, no such directory), or if `watches` is false, it only sleeps.
  DirectoryWatch(const std::filesystem::path& dir, bool watches) noexcept;
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;
  ~DirectoryWatch();

  /// Why pause() returned.
  enum class Ended : std::uint8_t {
    changed,      ///< something may have changed
    over,         ///< the time is up
    interrupted,  ///< a signal handler ran
  };

  /// Sleeps until something changes or has changed since the last call, until a signal handler ran, or for `time` at most.
  [[nodiscard]] Ended pause(std::chrono::milliseconds time) noexcept;

 private:
  int watch_ = -1;
};

}  // namespace safeatomic
