#pragma once
// Opening a log with its `.state`, or without.

#include <memory>
#include <optional>
#include <string>

#include <datawal/options.hpp>
#include <datawal/recovery_report.hpp>

#include "log/read/segment_registry.hpp"
#include "log/recovery/recovery.hpp"
#include "log/saved/log_state.hpp"

namespace datawal::log {

/// Learns what every segment of a log holds while the log is recovered: from `.state` and what lies behind it, or from the whole log. A
/// state is believed in full or not at all: whatever goes wrong behind it, everything is read.
class StateOpening {
 public:
  /// @param segments  gets those of the state
  StateOpening(std::shared_ptr<SegmentRegistry> segments, const OpenOptions& options);

  /// Must not outlive this. Does nothing where the state is not asked for.
  [[nodiscard]] RecoveryVisitor visitor();

  /// What is known, once the log is recovered; null where the state is not asked for.
  [[nodiscard]] std::unique_ptr<LogState> known() noexcept { return std::move(known_); }

 private:
  [[nodiscard]] std::optional<Before> begin(const Snapshot& snapshot);
  void start_over(IndexState state, std::string reason);

  const std::shared_ptr<SegmentRegistry> segments_;
  const StateOptions options_;
  const bool reads_all_;
  std::unique_ptr<LogState> known_{};
  IndexState state_ = IndexState::absent;
  std::string reason_{};
};

}  // namespace datawal::log
