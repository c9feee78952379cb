#pragma once
// What people see while it works: on standard error, so that standard output is for results.

#include <chrono>
#include <cstdint>
#include <string>

#include "ship/shipper.hpp"

namespace datawal::ship {

/// On a terminal one line that is written again and again, ten times a second at most; and troubles, each once until it is another one
/// or a minute is over. One thread at a time.
class Console {
 public:
  Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  ~Console() { wipe(); }

  void progress(const char* what, std::uint64_t done, std::uint64_t all);
  void shipped(const Shipped& shipped);
  void trouble(const std::string& why);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(const std::string& line);
  void wipe();

  const bool is_terminal_;
  bool is_drawn_ = false;
  Clock::time_point drawn_{};
  std::string last_trouble_{};
  Clock::time_point told_{};
};

}  // namespace datawal::ship
