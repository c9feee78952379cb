#pragma once
// Feeds a projection with the one pass over a log that opening makes.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <datawal/error.hpp>
#include <datawal/record.hpp>

#include "kv/projection/fold_batch.hpp"
#include "kv/projection/fold_pipeline.hpp"
#include "kv/projection/projection.hpp"
#include "log/recovery/recovery.hpp"

namespace datawal::kv {

/// Gathers batches and folds them in this thread or, if the log is long enough to be worth it, in a second one.
class Replay {
 public:
  /// @param threads      1: this thread does all; 2: a second one folds from the beginning; 0: it does so from some record on, if
  ///                     there is a second processor
  /// @param unmapped_id  a segment that another process's writer may cut; 0 for none
  explicit Replay(Projection& projection, unsigned threads = 0, std::uint32_t unmapped_id = 0);

  /// Takes every segment and every record of a log, in order; at the end all is folded, or the first thing that went wrong
  /// returned: a record that could not be read back. Must not outlive this.
  [[nodiscard, gnu::cold]] log::RecoveryVisitor visitor();
  /// For the scanner of a log that is not recovered: its segments become the projection's. Must not outlive this.
  [[nodiscard, gnu::cold]] log::LogScanner::EnterCallback on_enter();

 private:
  [[nodiscard, gnu::cold]] Result<void> finish();
  void enter(log::SegmentFile& segment, safeatomic::File& file);
  void take(std::span<const RecordView> records);
  void hand_over();
  [[gnu::cold]] void start_second_thread();

  Projection& projection_;
  const std::uint32_t unmapped_id_;
  std::uint64_t batches_before_second_thread_;
  FoldBatch own_;
  FoldBatch* batch_ = &own_;
  std::optional<Error> error_;  // nothing is taken any more
  std::unique_ptr<FoldPipeline> pipeline_;
};

}  // namespace datawal::kv
