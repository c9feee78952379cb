#pragma once
// Sleeping until something changes in a directory.

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace datawal {

/// Woken by inotify where it is to be had: by a sync (which writes `.watermark`), a write by system call, a new name. A record that is
/// copied into a mapping wakes nobody, so whoever waits looks again after a while. One thread.
class ChangeWait {
 public:
  /// Without inotify, or if `watches` is false, it only sleeps.
  ChangeWait(const std::filesystem::path& dir, bool watches) noexcept;
  ChangeWait(const ChangeWait&) = delete;
  ChangeWait& operator=(const ChangeWait&) = delete;
  ~ChangeWait();

  enum class Ended : std::uint8_t { changed, over, interrupted };

  /// Sleeps `time` at most, or until something changes, or until a signal handler ran.
  [[nodiscard]] Ended pause(std::chrono::milliseconds time) noexcept;

 private:
  int watch_ = -1;
};

}  // namespace datawal
