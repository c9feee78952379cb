#pragma once
// Which keys may still have a Put in front of the segment that is being compacted: their tombstones must stay, or a replay
// would bring the keys back.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/futex_mutex.hpp"
#include "kv/projection/projection.hpp"

namespace datawal::kv {

class TombstoneFilter;

/// What TombstoneFilter knows of the segments in front of one. Only TombstoneFilter makes it, so no tombstone is judged without asking.
/// Valid until TombstoneFilter is changed.
class MayContain {
 public:
  /// Whether one of them may hold a Put of the key with this hash.
  [[nodiscard]] bool operator()(std::uint64_t hash) const noexcept;

 private:
  friend class TombstoneFilter;
  explicit MayContain(const TombstoneFilter* read) noexcept : read_(read) {}
  const TombstoneFilter* read_;  // null: nobody looked, any key
};

/// The invariant of compaction: a tombstone goes only once every segment before it is *proven* to hold no superseded Put of its key.
///
/// So one filter lives as long as the compaction, through all its passes, and begins with every segment as one that may hold such Puts.
/// Only prove() takes a segment off. A segment that is skipped, fails, is cancelled, is damaged, cannot be read back or waits for another
/// pass is safe without further code: nothing was proven of it. So is what is superseded after the compaction began: the tombstones of
/// that lie behind all of these segments.
///
/// Reads the superseded Puts of the others only when a tombstone depends on it and there are enough of them. Takes at most 16 MiB, and
/// errs on the side of keeping. One thread.
class TombstoneFilter {
 public:
  /// @param changes  the lock of the projection's owner
  /// @param sealed   the ids of all segments in front of the active one, ascending
  TombstoneFilter(const Projection& projection, FutexMutex& changes, std::shared_ptr<safeatomic::Directory> directory,
                  const std::vector<std::uint32_t>& sealed);

  /// How it is known that a segment holds no Put that was superseded when the compaction began, now and after a loss of power.
  enum class Proof : std::uint8_t {
    counted,    ///< all its Puts are alive
    rewritten,  ///< only live ones were kept, and the new file has its name for good
    gone,       ///< so has nobody
  };
  void prove(std::uint32_t id, Proof proof) noexcept;

  /// For judging the tombstones of the segment `id`, of which there are so many bytes. Ascending within a pass; another order costs
  /// reading again.
  /// @return as reading a segment
  [[nodiscard]] Result<MayContain> before(std::uint32_t id, std::uint64_t tombstone_bytes);

 private:
  friend class MayContain;
  struct Segment {
    std::uint32_t id = 0;
    bool is_proven = false;
  };

  [[nodiscard]] std::size_t index_of(std::uint32_t id) const noexcept;
  [[nodiscard]] bool is_worth_reading(std::uint64_t tombstone_bytes) const noexcept;
  void look_at_all_before(std::size_t index);
  void start_over() noexcept;
  [[nodiscard]] Result<void> read(const log::PinnedSegment& segment);
  [[nodiscard]] bool may_contain(std::uint64_t hash) const noexcept;
  void grow(std::uint64_t keys);
  void add(std::uint64_t hash) noexcept;

  const Projection& projection_;
  FutexMutex& changes_;
  std::shared_ptr<safeatomic::Directory> directory_;
  std::vector<Segment> segments_;  // ascending
  std::size_t looked_at_ = 0;      // so many of them are proven, read or unread
  bool is_lost_ = false;           // one of those cannot be found: any key
  std::vector<log::PinnedSegment> unread_;
  std::uint64_t unread_bytes_ = 0;
  std::uint64_t unread_puts_ = 0;
  std::vector<std::uint64_t> bits_;  // of those that were read, a Bloom filter of a power of two words; empty: no key
};

inline bool MayContain::operator()(std::uint64_t hash) const noexcept {
  return read_ == nullptr || read_->may_contain(hash);
}

}  // namespace datawal::kv
