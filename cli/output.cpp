#include "cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "cli/stop_signal.hpp"

namespace datawal::cli {
namespace {

// False if a signal asks to end and whoever reads has taken nothing for a second since.
bool wait_for_room(int fd) {
  constexpr int second_ms = 1000;
  for (;;) {
    const bool was_requested = StopSignal::was_requested();
    pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&room, 1, second_ms);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // writing tells what is wrong
    if (ready == 0 && was_requested) return false;
  }
}

}  // namespace

void Output::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (os_errno_ != 0) return;
  if (buffer_.size() + bytes.size() > buffer_len) flush_locked();
  if (bytes.size() > buffer_len) {
    write_out(bytes);
  } else {
    buffer_ += bytes;
  }
}

bool Output::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
  return os_errno_ == 0;
}

bool Output::has_failed() const { return os_errno() != 0; }

int Output::os_errno() const {
  const std::lock_guard lock(mutex_);
  return os_errno_;
}

void Output::flush_locked() {
  write_out(buffer_);
  buffer_.clear();
}

void Output::write_out(std::string_view bytes) {
  while (!bytes.empty() && os_errno_ == 0) {
    // A pipe that has room takes so much without blocking, so that a signal is seen between two writes.
    const bool can_be_stopped = StopSignal::is_there();
    const std::size_t most = can_be_stopped ? PIPE_BUF : bytes.size();
    if (can_be_stopped && !wait_for_room(fd_)) {
      os_errno_ = EINTR;
      return;
    }
    const ssize_t written = ::write(fd_, bytes.data(), std::min(most, bytes.size()));
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // a descriptor shared with somebody who made it non-blocking
      if (!wait_for_room(fd_)) os_errno_ = EINTR;
    } else if (errno != EINTR) {
      os_errno_ = errno;
    }
  }
}

}  // namespace datawal::cli
