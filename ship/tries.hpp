#pragma once
// How often a unit is published that does not get in.

#include <chrono>
#include <string>

#include "ship/outcome.hpp"
#include "ship/shipper.hpp"

namespace datawal::ship {

/// Of one unit. The first time again at once: an answer may have been lost. Then ever later, so that nothing spins.
class Tries {
 public:
  explicit Tries(const ShipOptions& options) : options_(options) {}

  /// Says why, and waits. @return false if it is asked to end; exit_usage with the reason when the time of the options is over
  [[nodiscard]] Outcome<bool> again(const std::string& why);

 private:
  const ShipOptions& options_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::milliseconds pause_{0};
};

}  // namespace datawal::ship
