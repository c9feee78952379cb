#pragma once
// Threads of the library.

#include <functional>
#include <thread>

#include <datawal/error.hpp>

namespace datawal {

/// Starts a thread that takes no signals: those are for the program's threads. Only a SIGBUS or SIGSEGV that the thread itself
/// caused reaches the program's handlers.
/// @return io if no thread can be started
[[nodiscard]] Result<std::thread> start_thread(std::function<void()> run);

/// While it lives, this thread cannot be cancelled (pthread_cancel): for joining another thread of the library, which must not
/// be left running. The seam to the operating system does the same by itself.
class CancellationOff {
 public:
  CancellationOff() noexcept;
  CancellationOff(const CancellationOff&) = delete;
  CancellationOff& operator=(const CancellationOff&) = delete;
  ~CancellationOff();

 private:
  int before_ = 0;
};

/// Joins it, even if this thread is being cancelled.
void join(std::thread& thread);

}  // namespace datawal
