#include "ship/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <datawal/text.hpp>

#include "ship/standard.hpp"

namespace datawal::ship {

Console::Console() : is_terminal_(::isatty(STDERR_FILENO) != 0) {}

void Console::progress(const char* what, std::uint64_t done, std::uint64_t all) {
  constexpr std::uint64_t width = 30;
  const std::uint64_t full = all == 0 ? width : done * width / all;
  draw(fmt::format("{} [{:<{}}] {}/{}", what, std::string(static_cast<std::size_t>(full), '#'), width, done, all));
}

void Console::shipped(const Shipped& shipped) {
  draw(fmt::format("txid {}, {} records, {} units", shipped.last, shipped.records, shipped.units));
}

void Console::trouble(const std::string& why) {
  const Clock::time_point now = Clock::now();
  if (why == last_trouble_ && now - told_ < std::chrono::minutes(1)) return;
  last_trouble_ = why;
  told_ = now;
  wipe();
  tell(fmt::format("datawal-ship: {}; trying again\n", printable(why)));
}

void Console::draw(const std::string& line) {
  const Clock::time_point now = Clock::now();
  if (!is_terminal_ || now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  is_drawn_ = true;
  tell(fmt::format("\r{}\x1b[K", line));
}

void Console::wipe() {
  if (is_drawn_) tell("\r\x1b[K");
  is_drawn_ = false;
}

}  // namespace datawal::ship
