#include "cli/stop_signal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace datawal::cli {
namespace {

constexpr std::array<int, 3> stop_signals = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> received{0};
std::atomic<const WakePipe*> woken{nullptr};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<const WakePipe*>::is_always_lock_free);

extern "C" void remember_signal(int number) {
  const int saved_errno = errno;
  received = number;
  if (const WakePipe* pipe = woken) pipe->wake();
  errno = saved_errno;
}

void set_action(int number, void (*handler)(int), int flags) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(number, &action, nullptr);
}

bool is_ignored(int number) {
  struct sigaction action{};
  sigaction(number, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

}  // namespace

WakePipe::WakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
  read_fd_ = ends[0];
  write_fd_ = ends[1];
}

WakePipe::~WakePipe() {
  ::close(read_fd_);
  ::close(write_fd_);
}

void WakePipe::wake() const noexcept {
  // A full pipe wakes just as well.
  [[maybe_unused]] const ssize_t written = ::write(write_fd_, "!", 1);
}

bool WakePipe::is_awake() const noexcept {
  pollfd look{.fd = read_fd_, .events = POLLIN, .revents = 0};
  return ::poll(&look, 1, 0) == 1;
}

StopSignal::StopSignal() {
  const WakePipe* none = nullptr;
  // A second one would take the signals away from the first, and leave none to it when it ends.
  if (!woken.compare_exchange_strong(none, &pipe_)) throw std::logic_error("signals are waited for already");
  received = 0;
  for (const int number : stop_signals) {
    if (is_ignored(number)) continue;
    set_action(number, remember_signal, static_cast<int>(SA_RESETHAND));
  }
}

StopSignal::~StopSignal() {
  for (const int number : stop_signals) {
    if (!is_ignored(number)) set_action(number, SIG_DFL, 0);
  }
  woken = nullptr;
}

bool StopSignal::is_there() noexcept { return woken != nullptr; }

bool StopSignal::was_requested() noexcept { return received != 0; }

int StopSignal::number() const noexcept { return received; }

bool StopSignal::wait_readable(int fd) const {
  std::array<pollfd, 2> fds{pollfd{.fd = pipe_.fd(), .events = POLLIN, .revents = 0},
                            pollfd{.fd = fd, .events = POLLIN, .revents = 0}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
  return fds[0].revents == 0;
}

StopSignal::Pause StopSignal::pause(std::chrono::milliseconds time, int output_fd) const {
  // Without requested events, only errors and hang-ups are reported: that nobody has the other end open.
  std::array<pollfd, 2> fds{pollfd{.fd = pipe_.fd(), .events = POLLIN, .revents = 0},
                            pollfd{.fd = output_fd, .events = 0, .revents = 0}};
  const auto timeout = static_cast<int>(std::min<std::chrono::milliseconds::rep>(time.count(), INT_MAX));
  if (::poll(fds.data(), fds.size(), timeout) < 0) {
    return is_requested() ? Pause::stopped : Pause::over;
  }
  if (fds[0].revents != 0) return Pause::stopped;
  return fds[1].revents != 0 ? Pause::reader_gone : Pause::over;
}

}  // namespace datawal::cli
