#include "base/rate_limit.hpp"

#include <algorithm>
#include <thread>

#include "base/library_thread.hpp"

namespace datawal {

void RateLimit::wait(const std::function<double()>& bytes, const std::function<bool()>& goes_on) const {
  using namespace std::chrono;
  constexpr milliseconds not_worth_it(2);
  constexpr milliseconds longest_sleep(50);
  constexpr duration<double> longest = hours(24 * 365);  // no clock overflows by that
  while (bytes_per_second_ != 0) {
    const duration<double> needed(std::max(bytes(), 0.0) / static_cast<double>(bytes_per_second_));
    const steady_clock::time_point due = began_ + duration_cast<steady_clock::duration>(std::min(needed, longest));
    const steady_clock::duration left = due - steady_clock::now();
    if (left <= not_worth_it || !goes_on()) return;
    const CancellationOff off;
    std::this_thread::sleep_for(std::min<steady_clock::duration>(left, longest_sleep));
  }
}

}  // namespace datawal
