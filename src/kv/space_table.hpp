#pragma once
// Which segment owns which range of positions.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

#include "log/snapshot.hpp"

namespace datawal::kv {

/// Records and bytes of one segment. Exact: rebuilt by replay, kept up by every change.
struct SegmentCounts {
  std::uint64_t raw_records = 0;
  std::uint64_t put_records = 0;
  std::uint64_t delete_records = 0;
  std::uint64_t bytes = 0;         ///< of all frames
  std::uint64_t raw_bytes = 0;     ///< of the frames of Raw records
  std::uint64_t delete_bytes = 0;  ///< of tombstones
  std::uint64_t live_bytes = 0;    ///< of the Puts that are the newest record of their key

  /// Of Puts that something newer has superseded.
  [[nodiscard]] std::uint64_t dead_put_bytes() const noexcept { return bytes - raw_bytes - delete_bytes - live_bytes; }

  SegmentCounts& operator+=(const SegmentCounts& other) noexcept;
};

/// One more record of `len` bytes; a Put is not live yet.
void count(SegmentCounts& counts, RecordType type, std::uint32_t len) noexcept;

/// A segment's file as it is read back, and the positions of its bytes.
struct SpaceSegment {
  std::uint32_t id = 0;
  PinnedSegment pinned;          // guarded by the space's mutex of files
  std::uint64_t base = 0;        // position of its first byte
  std::uint64_t reserved = 0;    // as many positions from there on are its own
  std::uint32_t generation = 0;  // how often the file of this id was rewritten before it
  std::atomic<std::uint64_t> end{0};
  std::unique_ptr<safeatomic::Mapping> mapping{};
  const char* mapped = nullptr;
  std::uint64_t mapped_len = 0;
  SegmentCounts counts{};                    // by the lock of the space's owner
  bool is_settled = true;                    // false while its records are being moved; by the same lock
  std::uint64_t needed_tombstone_bytes = 0;  // found to be needed when it was last looked at; by the same lock
};

/// Ascending ranges. A segment that begins behind all others may be added while others read, as long as there is room;
/// everything else makes a new table. What a table names lives as long as the table.
class SpaceTable {
 public:
  explicit SpaceTable(std::size_t capacity) : bases_(capacity), segments_(capacity) {}

  [[nodiscard]] std::size_t size() const noexcept { return count_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_full() const noexcept { return size() == bases_.size(); }
  [[nodiscard]] SpaceSegment& at(std::size_t index) const noexcept { return *segments_[index]; }
  [[nodiscard]] const std::shared_ptr<SpaceSegment>& share(std::size_t index) const noexcept {
    return segments_[index];
  }

  /// The segment that owns `position`. There is one.
  [[nodiscard]] SpaceSegment& find(std::uint64_t position) const noexcept {
    std::size_t first = 0;
    std::size_t count = size();
    while (count > 1) {
      const std::size_t half = count / 2;
      if (bases_[first + half] <= position) first += half;
      count -= half;
    }
    return *segments_[first];
  }

  /// Adds a segment whose range lies behind all others; there is room.
  void append(std::shared_ptr<SpaceSegment> segment) noexcept;

  /// A copy with `added` in its place and without `removed`; either may be null.
  [[nodiscard]] std::shared_ptr<SpaceTable> changed(std::shared_ptr<SpaceSegment> added,
                                                    const SpaceSegment* removed) const;

  /// Where `needed` positions below `limit` are free: behind all others, or else in the first gap.
  [[nodiscard]] std::optional<std::uint64_t> find_room(std::uint64_t needed, std::uint64_t limit) const noexcept;

  /// Puts positions into log order. While a segment is being rewritten, what was moved already comes first: it is older.
  void sort_in_log_order(std::vector<std::uint64_t>& positions) const;

 private:
  std::atomic<std::size_t> count_{0};
  std::vector<std::uint64_t> bases_;  // beside the segments, so that a search touches little memory
  std::vector<std::shared_ptr<SpaceSegment>> segments_;
};

}  // namespace datawal::kv
