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

}  // namespace datawal
