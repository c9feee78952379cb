#pragma once
// How far long work has come, on a terminal.

#include <chrono>
#include <cstddef>
#include <string_view>

#include <datawal/options.hpp>

namespace datawal::cli {

/// One line on standard error that redraws itself and is gone when the object is. Draws nothing where standard error
/// is no terminal, nothing for work of less than a moment, and at most ten times a second. One thread.
class ProgressBar {
 public:
  /// @param what  "checking": stands before the bar
  explicit ProgressBar(std::string_view what);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { wipe(); }

  void show(const Progress& progress);

  /// For an option of the library; the bar must outlive the call that it is given to.
  [[nodiscard]] ProgressCallback callback();

  /// Takes the line away, for a message or a result. The next show() brings it back.
  void wipe();

 private:
  using Clock = std::chrono::steady_clock;

  const std::string_view what_;
  const bool on_terminal_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point next_draw_;
  bool is_drawn_ = false;
};

}  // namespace datawal::cli
