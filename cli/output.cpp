#include "cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace datawal::cli {

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
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // a descriptor shared with somebody who made it non-blocking
      pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      os_errno_ = errno;
    }
  }
}

}  // namespace datawal::cli
