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

#include "kv/reader_slots.hpp"
#include "kv/space_table.hpp"
#include "log/file_cache.hpp"
#include "log/snapshot.hpp"

namespace datawal::kv {

/// A record and where it lies. The views are into a mapping that lives as long as its segment, or into the buffer that was
/// lent.
struct LocatedRecord {
  format::DecodedRecord record;
  RecordRef ref;
  SpaceSegment* segment = nullptr;
};

/// How long a segment that is added may become.
struct SegmentRoom {
  std::uint64_t positions = 0;  ///< its size if that is more
  std::uint64_t mapped = 0;     ///< beyond its end, so that what is appended shows there; its size if that is more
};

/// Threads: what is const, from any thread, for positions that were handed over to it after `add` or `extend_last` returned and
/// whose segment is kept: by a Stay in `readers()`, by a PinnedSpace, or by the owner's lock. The rest exclude each other, by
/// that lock.
class RecordSpace {
 public:
  /// Positions are below this: 48 bits, 256 TiB.
  static constexpr std::uint64_t limit = 1ULL << 48;

  RecordSpace(std::shared_ptr<safeatomic::Directory> directory, ReadPath read_path);
  ~RecordSpace();
  RecordSpace(const RecordSpace&) = delete;
  RecordSpace& operator=(const RecordSpace&) = delete;

  /// Adds the next segment, whose file is open now. What cannot be mapped is read with `pread`.
  /// @param may_map  false for a segment that another process's writer may cut
  /// @return invalid_argument when 256 TiB are used up
  [[nodiscard, gnu::cold]] Result<void> add(const PinnedSegment& segment, safeatomic::File& file,
                                            const SegmentRoom& room = {}, bool may_map = true);

  /// Takes `segment`, whose file is open, for the last segment from now on. No reader is there yet.
  [[gnu::cold]] void reopen_last(const PinnedSegment& segment, const SegmentRoom& room);

  /// The last segment will not grow any more: its descriptor is let go. Another one follows.
  [[gnu::cold]] void seal_last(const PinnedSegment& segment);

  /// The last segment has grown: everything below `end` is whole records.
  void extend_last(std::uint64_t end) noexcept;

  /// The name of `segment` is about to go: what is not mapped is read from `file`.
  void hold(SpaceSegment& segment, std::shared_ptr<safeatomic::File> file);

  /// Adds what `old` was rewritten to; both are there until one is removed.
  /// @return invalid_argument when 256 TiB are used up
  [[nodiscard, gnu::cold]] Result<std::shared_ptr<SpaceSegment>> add_rewritten(const SpaceSegment& old,
                                                                               const PinnedSegment& segment,
                                                                               safeatomic::File& file);

  /// No position leads to `segment` any more. Its memory is freed by free_removed().
  void remove(const SpaceSegment& segment);

  /// What was removed, to be destroyed by the caller once readers() have left and without the owner's lock.
  [[nodiscard]] std::vector<std::shared_ptr<const SpaceTable>> take_removed() noexcept { return std::move(removed_); }
  [[nodiscard]] ReaderSlots& readers() const noexcept { return *readers_; }

  /// The store's.
  [[nodiscard]] const safeatomic::Directory& directory() const noexcept { return *directory_; }

  /// The position of a record in the last segment.
  [[nodiscard]] std::uint64_t position_in_last(std::uint64_t offset) const noexcept { return last_->base + offset; }

  /// The last segment; there is one.
  [[nodiscard]] SpaceSegment& last() const noexcept { return *last_; }
  /// The id of the last segment; 0 if there is none.
  [[nodiscard]] std::uint32_t last_id() const noexcept { return last_ ? last_->id : 0; }

  /// The segments that there are now, for whoever holds the owner's lock.
  [[nodiscard]] const std::shared_ptr<SpaceTable>& table() const noexcept { return tables_; }

  /// The newest file of a segment; null if there is none.
  [[nodiscard]] std::shared_ptr<SpaceSegment> find(std::uint32_t id) const noexcept;

  /// The record at `position`, its header, its extent and its CRC checked.
  /// @param buffer  holds the bytes where the segment is not mapped
  /// @return corruption naming segment and offset; io; snapshot_expired
  [[nodiscard]] Result<LocatedRecord> read(std::uint64_t position, std::string& buffer) const {
    return read_in(table_.load(std::memory_order_acquire)->find(position), position, buffer);
  }

  /// The same for a segment that is known.
  [[nodiscard]] Result<LocatedRecord> read_in(SpaceSegment& segment, std::uint64_t position, std::string& buffer) const;

  /// Starts fetching the record at `position`.
  void prefetch(std::uint64_t position) const noexcept {
    prefetch_in(table_.load(std::memory_order_acquire)->find(position), position);
  }
  static void prefetch_in(const SpaceSegment& segment, std::uint64_t position) noexcept;

 private:
  [[nodiscard, gnu::cold]] Result<std::uint64_t> find_room(const PinnedSegment& segment, std::uint64_t needed) const;
  [[gnu::cold]] void publish(std::shared_ptr<SpaceSegment> added);
  [[gnu::cold]] void publish(std::shared_ptr<SpaceTable> table);
  [[gnu::cold]] void map(SpaceSegment& segment, safeatomic::File& file, std::uint64_t length) const noexcept;
  [[nodiscard]] Result<std::string_view> bytes_of(const SpaceSegment& segment, std::uint64_t offset,
                                                  std::string& buffer) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> damaged(const SpaceSegment& segment, std::uint64_t offset,
                                                          format::Stop stop) const;

  const std::shared_ptr<safeatomic::Directory> directory_;
  const ReadPath read_path_;
  std::atomic<const SpaceTable*> table_{nullptr};  // what readers without a lock see
  std::shared_ptr<SpaceTable> tables_;             // keeps it
  std::shared_ptr<SpaceSegment> last_;
  std::vector<std::shared_ptr<const SpaceTable>> removed_;  // readers may still be in them
  const std::unique_ptr<ReaderSlots> readers_ = std::make_unique<ReaderSlots>();
  mutable std::mutex files_mutex_;  // guards which file a segment is read from where it is not mapped
  mutable FileCache cache_;
};

/// The segments of one instant, kept as long as this object, whatever is rewritten meanwhile. Made under the owner's lock.
class PinnedSpace {
 public:
  explicit PinnedSpace(const RecordSpace& space) : space_(&space), table_(space.table()) {}

  [[nodiscard]] Result<LocatedRecord> read(std::uint64_t position, std::string& buffer) const {
    return space_->read_in(table_->find(position), position, buffer);
  }
  void prefetch(std::uint64_t position) const noexcept { RecordSpace::prefetch_in(table_->find(position), position); }
  [[nodiscard]] const safeatomic::Directory& directory() const noexcept { return space_->directory(); }

 private:
  const RecordSpace* space_;
  std::shared_ptr<const SpaceTable> table_;
};

}  // namespace datawal::kv
