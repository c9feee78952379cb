#pragma once
// Opening a store with its persisted index, or without: to write, or to look.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <datawal/options.hpp>
#include <datawal/recovery_report.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/projection/projection.hpp"
#include "kv/projection/replay.hpp"
#include "kv/saved_index/page_file.hpp"
#include "log/recovery/recovery.hpp"

namespace datawal::kv {

/// How much of a log a persisted index describes.
struct IndexedPart {
  std::uint64_t txid = 0;     ///< up to it; 0: nothing
  std::uint64_t bytes = 0;    ///< of records
  std::uint32_t segment = 0;  ///< in which its last record lies
  std::uint64_t inode = 0;    ///< of that one's file
};

/// How a store is opened.
struct IndexUse {
  bool is_used = false;
  ReadPath read_path = ReadPath::mapped;
  unsigned threads = 0;           ///< as Replay
  std::uint32_t unmapped_id = 0;  ///< as Replay
  Damage damage = Damage::is_left;
  std::uint64_t memory_limit = 0;  ///< as KeyDirectory::limit_memory
};

/// Makes the projection of a store while its log is read: from the index and what lies behind it, or from all of the log. No half
/// of an index is ever believed: whatever goes wrong behind it, all is read.
class IndexOpening {
 public:
  /// @param segments  gets those of the index
  IndexOpening(std::shared_ptr<log::SegmentRegistry> segments, const IndexUse& use);

  /// Must not outlive this.
  [[nodiscard]] log::RecoveryVisitor visitor();

  /// What it has made so far, until that turns out to be of no use.
  [[nodiscard]] Projection& so_far() const noexcept { return *projection_; }
  /// Once the log is read.
  [[nodiscard]] std::shared_ptr<Projection> projection() noexcept { return std::move(projection_); }
  /// How far the index was used.
  [[nodiscard]] IndexedPart used_up_to() const noexcept { return state_ == IndexState::used ? used_ : IndexedPart{}; }

 private:
  [[nodiscard]] std::optional<log::Before> begin(const log::Snapshot& snapshot);
  [[nodiscard]] std::optional<log::Before> believe(const log::Snapshot& snapshot);
  [[nodiscard]] Result<void> load_for_tail(const RecordRef& last, const log::Snapshot& snapshot);
  void start_over(std::uint64_t seed);
  void doubt(IndexState state, std::string reason);

  const std::shared_ptr<log::SegmentRegistry> segments_;
  const IndexUse use_;
  std::shared_ptr<Projection> projection_;
  std::unique_ptr<Replay> replay_;
  log::RecoveryVisitor replaying_{};
  IndexedPart used_{};
  IndexState state_ = IndexState::absent;
  std::string reason_{};
};

}  // namespace datawal::kv
