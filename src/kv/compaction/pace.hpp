#pragma once
// Paces a compaction and reports its progress.

#include <cstdint>

#include <datawal/compaction.hpp>
#include <datawal/options.hpp>

#include "base/rate_limit.hpp"
#include "log/write/sealed_segments.hpp"

namespace datawal::kv {

/// Keeps to the speed in the options and reports progress. One thread.
class Pace {
 public:
  /// @param bytes_per_appended  as for compact()
  /// @param bytes_total  of what is to be compacted
  Pace(const log::SealedSegments& segments, const CompactOptions& options, double bytes_per_appended,
       std::uint64_t bytes_total);

  /// So many bytes were read or written. Waits until more are allowed.
  /// @return false once the caller wants it to stop
  bool worked(std::uint64_t bytes);

  /// A segment of so many bytes is done with.
  /// @return as worked()
  bool passed(std::uint64_t bytes);

  [[nodiscard]] bool is_stopped() const noexcept { return is_stopped_; }

 private:
  bool report();
  [[nodiscard]] double limited_bytes() const;

  const log::SealedSegments& segments_;
  const CompactOptions& options_;
  const double bytes_per_appended_;
  const std::uint64_t appended_before_;
  const RateLimit limit_;
  Progress progress_;
  std::uint64_t worked_ = 0;
  bool is_stopped_ = false;
};

}  // namespace datawal::kv
