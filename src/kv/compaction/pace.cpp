#include "kv/compaction/pace.hpp"

#include <algorithm>
#include <thread>

#include "base/library_thread.hpp"

namespace datawal::kv {

Pace::Pace(const log::SealedSegments& segments, const CompactOptions& options, double bytes_per_appended,
           std::uint64_t bytes_total)
    : segments_(segments),
      options_(options),
      bytes_per_appended_(bytes_per_appended),
      appended_before_(bytes_per_appended == 0 ? 0 : segments.appended_bytes()) {
  progress_.bytes_total = bytes_total;
}

bool Pace::worked(std::uint64_t bytes) {
  worked_ += bytes;
  if (options_.max_bytes_per_second != 0) wait();
  return report();
}

bool Pace::passed(std::uint64_t bytes) {
  progress_.bytes_done += bytes;
  return report();
}

bool Pace::report() {
  if (!is_stopped_ && options_.on_progress) is_stopped_ = !options_.on_progress(progress_);
  return !is_stopped_;
}

void Pace::wait() {
  using namespace std::chrono;
  while (report()) {
    const steady_clock::duration left = due() - steady_clock::now();
    if (left <= steady_clock::duration::zero()) return;
    const CancellationOff off;
    std::this_thread::sleep_for(std::min<steady_clock::duration>(left, milliseconds(50)));
  }
}

// The time at which the limit has caught up with what was done.
std::chrono::steady_clock::time_point Pace::due() const {
  using namespace std::chrono;
  auto bytes = static_cast<double>(worked_);
  if (bytes_per_appended_ != 0) {
    bytes -= bytes_per_appended_ * static_cast<double>(segments_.appended_bytes() - appended_before_);
  }
  constexpr duration<double> longest = hours(24 * 365);  // no clock overflows by that
  const duration<double> needed(std::max(bytes, 0.0) / static_cast<double>(options_.max_bytes_per_second));
  return began_ + duration_cast<steady_clock::duration>(std::min(needed, longest));
}

}  // namespace datawal::kv
