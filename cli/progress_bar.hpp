#pragma once
// Shows the progress of long work on a terminal.

#include <unistd.h>

#include <chrono>
#include <string_view>

#include <datawal/options.hpp>

namespace datawal::cli {

/// One line that redraws itself and is gone when the object is. Draws nothing if `fd` is no terminal or the work takes less
/// than a moment, and draws at most ten times a second. One thread.
class ProgressBar {
 public:
  /// @param what  "checking": shown before the bar
  explicit ProgressBar(std::string_view what, int fd = STDERR_FILENO,
                       std::chrono::milliseconds first_draw = std::chrono::milliseconds(300));
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { wipe(); }

  void show(const Progress& progress);

  /// For an option of the library; the bar must outlive the call that receives it.
  [[nodiscard]] ProgressCallback callback();

  /// Removes the line, for a message or a result. The next show() brings it back.
  void wipe();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::string_view text) const;

  const std::string_view what_;
  const int fd_;
  const bool on_terminal_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point next_draw_;
  bool is_drawn_ = false;
};

}  // namespace datawal::cli
