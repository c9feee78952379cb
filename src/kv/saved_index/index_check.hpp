#pragma once
// Compares a persisted index with the log.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <datawal/saved_index.hpp>

#include "kv/projection/projection.hpp"
#include "kv/projection/replay.hpp"
#include "kv/saved_index/index_file.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::kv {

/// Looks at the `.index` of a snapshot, and holds it against the records that are read of it. One thread.
class IndexCheck {
 public:
  /// Throws std::bad_alloc.
  explicit IndexCheck(std::shared_ptr<const log::Snapshot> snapshot);

  /// From now on records are taken, from the first one on: 17 bytes of memory a key, and 40 in compared(). Throws std::bad_alloc.
  /// @param threads  as for Replay
  void begin(unsigned threads);
  /// The pass over the log has come to a segment; then to its next records.
  [[nodiscard]] Result<void> enter(const log::PinnedSegment& segment, safeatomic::File& file);
  void take(std::span<const RecordView> records);
  /// The log holds no further record.
  void end() noexcept { has_all_ = true; }
  /// There is nothing, or nothing more, to compare with.
  [[nodiscard]] bool is_done() const noexcept { return !fold_ || has_all_; }

  /// What the index is worth, without comparing.
  [[nodiscard]] IndexReport report() const;
  /// What it is worth; compared with the log only if all records up to where it goes were taken, or the log has ended. Call it once.
  /// Throws std::bad_alloc.
  /// @param goes_on  asked in between; once it says no, nothing was compared
  /// @return io; snapshot_expired: a segment, or a record, could not be read again
  [[nodiscard]] Result<IndexReport> compared(const std::function<bool()>& goes_on);

 private:
  /// The log up to where the index goes.
  struct Fold {
    Fold(const log::Snapshot& snapshot, std::uint64_t seed, unsigned threads);
    Projection projection;
    Replay replay;
    log::RecoveryVisitor visitor;
    log::LogScanner::EnterCallback on_enter;
  };

  [[nodiscard]] Result<void> can_open_all() const;
  [[nodiscard]] Result<std::optional<std::string>> difference(const std::function<bool()>& goes_on);

  const std::shared_ptr<const log::Snapshot> snapshot_;
  IndexLook look_;
  std::optional<Fold> fold_{};
  bool has_all_ = false;
};

}  // namespace datawal::kv
