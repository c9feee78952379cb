#pragma once
// `stat --watch` on a terminal: one screen that redraws itself.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <datawal/stats.hpp>

#include "cli/terminal.hpp"

namespace datawal::cli {

/// What the statistics of a store look like now, and what has changed since the last time. One thread.
class StatScreen {
 public:
  /// @param title  of the store
  explicit StatScreen(std::string title) : title_(std::move(title)) {}

  /// The lines of the screen, no wider and no more than fit. The oldest segments are left out first.
  [[nodiscard]] std::string lines(const StoreStats& stats, std::chrono::milliseconds now, const TerminalSize& size,
                                  bool has_colours);

  /// What moves the cursor to the top, and what clears the rest of each line and of the screen.
  [[nodiscard]] static std::string redraw(const std::string& lines);

 private:
  std::string title_;
  std::uint64_t last_txid_ = 0;
  std::uint64_t last_bytes_ = 0;
  std::chrono::milliseconds last_time_{-1};
};

}  // namespace datawal::cli
