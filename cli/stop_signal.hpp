#pragma once
// Ends in good order: signals that can be waited for together with input.

#include <chrono>
#include <cstdint>

namespace datawal::cli {

/// A pipe that only wakes. wake() may be called from any thread and from a signal handler.
class WakePipe {
 public:
  WakePipe();  ///< throws std::system_error
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;
  ~WakePipe();

  void wake() const noexcept;
  [[nodiscard]] int fd() const noexcept { return read_fd_; }  ///< readable once woken, and from then on
  [[nodiscard]] bool is_awake() const noexcept;

 private:
  int read_fd_ = -1;
  int write_fd_ = -1;
};

/// While it lives, the first SIGINT, SIGTERM or SIGHUP is remembered instead of ending the process; a second one ends it.
/// One that the caller ignores (nohup; a shell that starts a command in the background) stays ignored. At most one at a time: a
/// second one throws std::logic_error.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  /// True while there is one: then a signal does not end the process.
  [[nodiscard]] static bool is_there() noexcept;
  /// True if a signal came while there was one, the last one if there were several.
  [[nodiscard]] static bool was_requested() noexcept;

  /// The signal that came; 0 if none did.
  [[nodiscard]] int number() const noexcept;

  /// Ends the waits below as a signal does, without one.
  void wake() const noexcept { pipe_.wake(); }

  [[nodiscard]] bool is_requested() const noexcept { return number() != 0; }

  /// Waits until `fd` has something to read, or is at its end.
  /// @return false if a signal, or wake(), came first
  [[nodiscard]] bool wait_readable(int fd) const;

  enum class Pause : std::uint8_t { over, stopped, reader_gone };

  /// Waits for `time` to pass, for a signal, or for the reader of the pipe `output_fd` to go away.
  [[nodiscard]] Pause pause(std::chrono::milliseconds time, int output_fd) const;

 private:
  WakePipe pipe_;
};

}  // namespace datawal::cli
