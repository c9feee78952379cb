#include "kv/compaction/pace.hpp"

namespace datawal::kv {

Pace::Pace(const log::SealedSegments& segments, const CompactOptions& options, double bytes_per_appended,
           std::uint64_t bytes_total)
    : segments_(segments),
      options_(options),
      bytes_per_appended_(bytes_per_appended),
      appended_before_(bytes_per_appended == 0 ? 0 : segments.appended_bytes()),
      limit_(options.max_bytes_per_second) {
  progress_.bytes_total = bytes_total;
}

bool Pace::worked(std::uint64_t bytes) {
  worked_ += bytes;
  limit_.wait([this] { return limited_bytes(); }, [this] { return report(); });
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

// What writers append in the meantime makes up for some of what was done.
double Pace::limited_bytes() const {
  const auto bytes = static_cast<double>(worked_);
  if (bytes_per_appended_ == 0) return bytes;
  return bytes - bytes_per_appended_ * static_cast<double>(segments_.appended_bytes() - appended_before_);
}

}  // namespace datawal::kv
