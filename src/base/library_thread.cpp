#include "base/library_thread.hpp"

#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

namespace datawal {

namespace {

// A thread inherits the mask of the one that starts it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int own : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP}) sigdelset(&blocked, own);
    is_changed_ = ::pthread_sigmask(SIG_BLOCK, &blocked, &before_) == 0;
  }
  ~SignalsBlocked() {
    if (is_changed_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
  bool is_changed_ = false;
};

}  // namespace

Result<std::thread> start_thread(std::function<void()> run) {
  const SignalsBlocked blocked;
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error& error) {
    return std::unexpected(Error{.code = Errc::io, .action = "start a thread", .os_errno = error.code().value()});
  }
}

CancellationOff::CancellationOff() noexcept { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
CancellationOff::~CancellationOff() { ::pthread_setcancelstate(before_, nullptr); }

void join(std::thread& thread) {
  const CancellationOff off;
  thread.join();
}

}  // namespace datawal
