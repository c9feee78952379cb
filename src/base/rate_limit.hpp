#pragma once
// Keeps work in the background to a speed.

#include <chrono>
#include <cstdint>
#include <functional>

namespace datawal {

/// Allows so many bytes a second, counted from its making. One thread.
class RateLimit {
 public:
  /// @param bytes_per_second  0: no limit
  explicit RateLimit(std::uint64_t bytes_per_second) noexcept : bytes_per_second_(bytes_per_second) {}

  /// Sleeps until the bytes of now are allowed; for less than some milliseconds it is not worth it.
  /// @param bytes     done so far; asked again after each sleep, for the work may be allowed more meanwhile
  /// @param goes_on   asked before each sleep of at most 50 ms; false ends the waiting
  void wait(const std::function<double()>& bytes, const std::function<bool()>& goes_on) const;

 private:
  const std::uint64_t bytes_per_second_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace datawal
