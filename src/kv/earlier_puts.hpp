#pragma once
// Which keys may still have a Put in front of the segment that is being compacted: their tombstones must stay, or a replay
// would bring the keys back.

#include <cstdint>
#include <memory>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/projection.hpp"

namespace datawal::kv {

/// Told of every segment that a compaction leaves with superseded Puts in it, in ascending order. Reads those only when a
/// tombstone depends on it and there are enough of them. Takes at most 16 MiB, and errs on the side of keeping. One thread.
class EarlierPuts {
 public:
  EarlierPuts(const Projection& projection, std::shared_ptr<safeatomic::Directory> directory)
      : projection_(projection), directory_(std::move(directory)) {}

  /// Superseded Puts stay in this segment.
  void stay_in(const PinnedSegment& segment, std::uint64_t put_records);

  /// The next segment has so many bytes of tombstones.
  /// @return as reading a segment
  [[nodiscard]] Result<void> prepare(std::uint64_t tombstone_bytes);

  /// Whether an earlier segment may hold a Put of the key with this hash.
  [[nodiscard]] bool may_hold(std::uint64_t hash) const noexcept;

 private:
  struct Unread {
    PinnedSegment segment;
    std::uint64_t put_records;
  };

  [[nodiscard]] Result<void> read(const Unread& unread);
  void grow(std::uint64_t keys);
  void add(std::uint64_t hash) noexcept;

  const Projection& projection_;
  std::shared_ptr<safeatomic::Directory> directory_;
  std::vector<Unread> unread_;
  std::vector<std::uint64_t> bits_;  // a Bloom filter of a power of two words; empty: no key
  bool holds_any_ = false;           // all may be there: not looked at
};

}  // namespace datawal::kv
