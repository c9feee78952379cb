#include "cli/progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"

namespace datawal::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_draws{100};
constexpr std::uint64_t cells = 24;

std::string size_text(double bytes) {
  constexpr std::array<std::string_view, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

// Of a line of the terminal. The last one stays free: some terminals wrap as soon as it is taken.
std::size_t columns_of(int fd) { return terminal_size(fd).columns - 1; }

// The first of these that fits; nothing if none does.
std::string_view widest(std::span<const std::string> texts, std::size_t columns) {
  for (const std::string& text : texts) {
    if (text.size() <= columns) return text;
  }
  return {};
}

}  // namespace

ProgressBar::ProgressBar(std::string_view what, int fd, milliseconds first_draw)
    : what_(what), fd_(fd), on_terminal_(is_terminal(fd)), next_draw_(started_ + first_draw) {}

void ProgressBar::show(const Progress& progress) {
  if (!on_terminal_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + between_draws;
  const auto done = static_cast<double>(progress.bytes_done);
  const auto total = static_cast<double>(std::max(progress.bytes_total, progress.bytes_done));
  const double share = total > 0 ? done / total : 1;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(cells));
  const double seconds = std::max(std::chrono::duration<double>(now - started_).count(), 0.001);
  const std::string percent = fmt::format("{:3.0f}%", share * 100);
  const std::string bar = fmt::format("{} [{:<{}}] {}", what_, std::string(filled, '#'), cells, percent);
  const std::string bytes = fmt::format("{}  {} of {}", bar, size_text(done), size_text(total));
  const std::array<std::string, 5> texts = {fmt::format("{}  {}/s", bytes, size_text(done / seconds)), bytes, bar,
                                            fmt::format("{} {}", what_, percent), percent};
  // A line that wraps would stay: the next one begins at the start of its last row.
  const std::string_view text = widest(texts, columns_of(fd_));
  if (text.empty()) return;
  is_drawn_ = true;
  draw(fmt::format("\r{}\033[K", text));
}

ProgressCallback ProgressBar::callback() {
  return [this](const Progress& progress) { show(progress); };
}

void ProgressBar::wipe() {
  if (!is_drawn_) return;
  draw("\r\033[K");
  is_drawn_ = false;
}

void ProgressBar::draw(std::string_view text) const {
  // A bar that cannot be drawn is no reason to stop.
  [[maybe_unused]] const ssize_t written = ::write(fd_, text.data(), text.size());
}

}  // namespace datawal::cli
