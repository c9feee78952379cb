#pragma once
// Looking at a log without disturbing anybody.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include <datawal/checkpoint.hpp>
#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/record_cursor.hpp>

namespace datawal {

/// A read-only view of a log: takes no lock, changes no byte, works on a read-only mount and beside a live writer in this or
/// another process. Shows a snapshot: the set of segments that were all current at one instant, kept until refresh().
/// Opens damaged stores too, missing segments included: the cursor returns what is before the damage and then the error. What it
/// shows is not therefore durable: a loss of power may take it back. Movable; one thread at a
/// time, but the cursors it hands out are independent of it.
class RecordLogReader {
 public:
  /// @return not_found if there is no such directory; corruption if an entry named like a segment is not a regular file;
  ///   snapshot_expired if the store changed so fast that no instant could be caught
  [[nodiscard]] static Result<RecordLogReader> open(const std::filesystem::path& dir,
                                                    const ReaderOptions& options = {});

  /// The segments of the snapshot, ascending.
  [[nodiscard]] std::span<const std::uint32_t> segments() const noexcept;

  /// The records of the snapshot from the first one on. Where a writer lives, the last segment ends at its newest
  /// whole record.
  [[nodiscard]] RecordCursor records() const;

  /// The records at and behind a place that a RecordRef once named: the first one returned is the one at that place. Where no
  /// record begins there (any more), the cursor is `snapshot_expired` in the end, and what the bytes there look like may have been
  /// returned. To be sure of the place, a cursor that ends in that segment reads it once from its beginning.
  [[nodiscard]] RecordCursor records_from(std::uint32_t segment, std::uint64_t offset) const;

  /// The records behind `last`, which this reader returned earlier. The cursor's first next() is `snapshot_expired` if
  /// `last` is not there any more as it was: the log was compacted or cut meanwhile.
  [[nodiscard]] RecordCursor records_after(const RecordRef& last) const;

  /// Takes a new snapshot. Cursors from before go on with the old one.
  /// @return true if it holds a record that the old one does not show, or no longer what that one showed last
  [[nodiscard]] Result<bool> refresh();

  /// The snapshot as a store in `dir`: as RecordLog::checkpoint, but without the lock, and beside whoever writes.
  /// @return snapshot_expired too, if a segment was replaced that could not be kept open: refresh() then
  [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options = {}) const;

  /// Whether a writer has the store open now. True also where that cannot be told.
  [[nodiscard]] Result<bool> writer_lives() const;

  RecordLogReader(RecordLogReader&&) noexcept;
  RecordLogReader& operator=(RecordLogReader&&) noexcept;
  ~RecordLogReader();

 private:
  struct Impl;
  explicit RecordLogReader(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
