#pragma once
// All segments of a log laid out one behind the other: where a 48-bit position lies, and the record there.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

#include "log/file_cache.hpp"
#include "log/snapshot.hpp"

namespace datawal::kv {

/// A record and where it lies. The views are into a mapping that lives as long as the space, or into the buffer that was lent.
struct LocatedRecord {
  format::DecodedRecord record;
  RecordRef ref;
};

/// Threads: `read` from any thread at any time, for positions that were handed over to it after `add` or `extend` returned; the
/// rest exclude each other, by the caller's lock.
class RecordSpace {
 public:
  /// Positions are below this: 48 bits, 256 TiB.
  static constexpr std::uint64_t limit = 1ULL << 48;

  RecordSpace(std::shared_ptr<safeatomic::Directory> directory, ReadPath read_path);
  ~RecordSpace();
  RecordSpace(const RecordSpace&) = delete;
  RecordSpace& operator=(const RecordSpace&) = delete;

  /// Adds the next segment, whose file is open now. Sealed ones are mapped as long as they are; one of this process's own writer
  /// `room` bytes long, beyond its end, so that what is appended shows there. What cannot be mapped is read with `pread`.
  /// @param may_map  false for a segment that another process's writer may cut
  /// @return invalid_argument when 256 TiB are used up
  [[nodiscard]] Result<void> add(const PinnedSegment& segment, safeatomic::File& file, std::uint64_t room,
                                 bool may_map = true);

  /// Takes `segment`, whose file is open, for the last segment from now on. No reader is there yet.
  void reopen_last(const PinnedSegment& segment, std::uint64_t room);

  /// The last segment will not grow any more: its descriptor is let go. Another one follows.
  void seal_last(const PinnedSegment& segment);

  /// The last segment has grown: everything below `end` is whole records.
  void extend_last(std::uint64_t end) noexcept;

  /// The id of the last segment; 0 if there is none.
  [[nodiscard]] std::uint32_t last_id() const noexcept;

  [[nodiscard]] std::size_t segment_count() const noexcept { return segments_.size(); }

  /// The position of a record in the last segment.
  [[nodiscard]] std::uint64_t position_in_last(std::uint64_t offset) const noexcept;

  /// The record at `position`, its header, its extent and its CRC checked.
  /// @param buffer  holds the bytes where the segment is not mapped
  /// @return corruption naming segment and offset; io; snapshot_expired
  [[nodiscard]] Result<LocatedRecord> read(std::uint64_t position, std::string& buffer) const;

  /// Starts fetching the record at `position`.
  void prefetch(std::uint64_t position) const noexcept;

 private:
  struct Segment;
  struct Table;

  void map(Segment& segment, safeatomic::File& file, std::uint64_t length) const noexcept;
  [[nodiscard]] const Segment& segment_at(std::uint64_t position) const noexcept;
  [[nodiscard]] Segment& last() const noexcept;
  [[nodiscard]] Result<std::string_view> bytes_of(const Segment& segment, std::uint64_t offset,
                                                  std::string& buffer) const;
  [[nodiscard]] std::unexpected<Error> damaged(const Segment& segment, std::uint64_t offset, format::Stop stop) const;

  const std::shared_ptr<safeatomic::Directory> directory_;
  const ReadPath read_path_;
  std::atomic<Table*> table_{nullptr};
  std::vector<std::unique_ptr<Table>> tables_;      // the current one last; readers may still be in an older one
  std::vector<std::unique_ptr<Segment>> segments_;  // ascending
  mutable std::mutex files_mutex_;                  // guards which file a segment is read from where it is not mapped
  mutable FileCache cache_;
};

}  // namespace datawal::kv
