#pragma once
// Sleeping until something changes in a directory.

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace safeatomic {

/// Woken by inotify where it is to be had: by a write through a system call to a file in the directory, and by a name that comes or
/// goes. What is stored through a mapping wakes nobody, nor does what another machine does on a network filesystem: whoever waits looks
/// again after a while. One thread.
class DirectoryWatch {
 public:
  /// Where inotify refuses (no more instances, no such directory), or if `watches` is false, it only sleeps.
  DirectoryWatch(const std::filesystem::path& dir, bool watches) noexcept;
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;
  ~DirectoryWatch();

  /// Why pause() returned.
  enum class Ended : std::uint8_t {
    changed,      ///< something may have changed
    over,         ///< the time is over
    interrupted,  ///< a signal handler ran
  };

  /// Sleeps `time` at most, or until something changes, since the last call too, or until a signal handler ran.
  [[nodiscard]] Ended pause(std::chrono::milliseconds time) noexcept;

 private:
  int watch_ = -1;
};

}  // namespace safeatomic
