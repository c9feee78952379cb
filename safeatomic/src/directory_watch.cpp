#include <safeatomic/directory_watch.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "posix_support.hpp"

namespace safeatomic {

namespace {

// A host's output must never end up in a file of ours, and we must never read its standard input.
constexpr int first_free_descriptor = 3;

int open_inotify() noexcept {
  const int opened = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (opened < 0 || opened >= first_free_descriptor) return opened;
  const int moved = ::fcntl(opened, F_DUPFD_CLOEXEC, first_free_descriptor);
  ::close(opened);
  return moved;
}

}  // namespace

DirectoryWatch::DirectoryWatch(const std::filesystem::path& dir, bool watches) noexcept {
  if (!watches) return;
  watch_ = open_inotify();
  if (watch_ < 0) return;
  constexpr std::uint32_t events = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
  if (::inotify_add_watch(watch_, dir.c_str(), events) >= 0) return;
  ::close(watch_);
  watch_ = -1;
}

DirectoryWatch::~DirectoryWatch() {
  const posix::CancellationOff off;
  if (watch_ >= 0) ::close(watch_);
}

DirectoryWatch::Ended DirectoryWatch::pause(std::chrono::milliseconds time) noexcept {
  const posix::CancellationOff off;                           // nothing may be thrown through this
  pollfd look{.fd = watch_, .events = POLLIN, .revents = 0};  // a negative descriptor is ignored
  const auto milliseconds = static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, INT_MAX));
  const int ready = ::poll(&look, 1, milliseconds);
  if (ready < 0) return errno == EINTR ? Ended::interrupted : Ended::over;
  if (ready == 0) return Ended::over;
  std::array<char, 4096> events{};
  while (::read(watch_, events.data(), events.size()) > 0) {
  }
  return Ended::changed;
}

}  // namespace safeatomic
