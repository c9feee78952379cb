#pragma once
// Compares the state of a log with the log.

#include <memory>
#include <span>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <datawal/saved_state.hpp>

#include "log/read/snapshot.hpp"
#include "log/saved/belief.hpp"
#include "log/saved/log_state.hpp"

namespace datawal::log {

/// Looks at the `.state` of a snapshot, and holds it against the records that are read of it. One thread.
class StateCheck {
 public:
  /// Throws std::bad_alloc.
  explicit StateCheck(const Snapshot& snapshot);

  /// The pass over the log has come to a segment; then to its next records. From the first record on.
  void enter(const PinnedSegment& segment);
  void take(std::span<const RecordView> records);
  /// The log holds no further record.
  void end() noexcept { has_all_ = true; }
  /// There is nothing, or nothing more, to compare with.
  [[nodiscard]] bool is_done() const noexcept { return !look_.log || has_all_; }

  /// What the state is worth. Compared with the log only if all records up to where it goes were taken, or the log has ended.
  [[nodiscard]] StateReport report() const;

 private:
  StateLook look_;
  LogState held_{{}};
  bool has_all_ = false;
};

}  // namespace datawal::log
