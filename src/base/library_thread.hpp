#pragma once
// The threads that the library starts.

#include <functional>
#include <thread>

#include <datawal/error.hpp>

namespace datawal {

/// Starts a thread that takes no signals: those are for the threads of the program. Only what the thread itself caused, a SIGBUS
/// or SIGSEGV, reaches the program's handlers.
/// @return io if there is no thread to be had
[[nodiscard]] Result<std::thread> start_thread(std::function<void()> run);

/// While it lives, this thread is not cancelled (pthread_cancel): where it waits for another one of the library, whose end
/// somebody must see. The seam to the operating system does that by itself.
class CancellationOff {
 public:
  CancellationOff() noexcept;
  CancellationOff(const CancellationOff&) = delete;
  CancellationOff& operator=(const CancellationOff&) = delete;
  ~CancellationOff();

 private:
  int before_ = 0;
};

/// Waits for its end, whatever happens to this thread.
void join(std::thread& thread);

}  // namespace datawal
