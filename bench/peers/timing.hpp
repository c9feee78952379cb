#pragma once
// Clocks and loops of the workloads.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Calls `step(n)` for n = 0, 1, ... until `max` calls or `budget_s` seconds are over; the clock is asked every `block` calls.
/// @return nanoseconds a call
template <class Step>
[[nodiscard]] double time_each(std::uint64_t max, double budget_s, std::uint64_t block, Step&& step) {
  const Clock::time_point begin = Clock::now();
  std::uint64_t done = 0;
  while (done < max) {
    const std::uint64_t end = std::min(max, done + block);
    for (; done < end; ++done) step(done);
    if (seconds_since(begin) >= budget_s) break;
  }
  return seconds_since(begin) * 1e9 / static_cast<double>(done);
}

/// A directory for one measurement, gone with it, so that what it has written need not be written back.
class FreshDirectory {
 public:
  explicit FreshDirectory(const std::filesystem::path& parent) : path_(parent / "fresh") {
    std::filesystem::remove_all(path_);
  }
  ~FreshDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FreshDirectory(const FreshDirectory&) = delete;
  FreshDirectory& operator=(const FreshDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace bench
