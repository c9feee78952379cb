#pragma once
// Reads a log without a lock, beside any writer.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include <datawal/checkpoint.hpp>
#include <datawal/error.hpp>
#include <datawal/holds.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/record_cursor.hpp>

namespace datawal {

/// How far a log is known to survive a loss of power.
struct DurableEnd {
  std::uint32_t segment = 0;  ///< the snapshot's highest; 0: there is none
  std::uint64_t offset = 0;   ///< bytes of it that a sync has covered. All earlier segments are durable
  std::uint64_t txid = 0;     ///< no record with this txid or a lower one is taken back

  friend bool operator==(const DurableEnd&, const DurableEnd&) = default;
};

/// A read-only view of a log: takes no lock, changes no byte, works on a read-only mount and beside a live writer in this or
/// another process. Shows a snapshot: the set of segments that were all current at one instant, kept until refresh().
/// Opens damaged stores too, even with segments missing: the cursor returns what precedes the damage and then the error. What it
/// shows need not be durable: a loss of power may take it back. Movable; one thread at a time, but its cursors are independent
/// of it.
class RecordLogReader {
 public:
  /// @return not_found if there is no such directory; corruption if an entry named like a segment is not a regular file;
  ///   snapshot_expired if the store changed so fast that no instant could be caught
  [[nodiscard]] static Result<RecordLogReader> open(const std::filesystem::path& dir,
                                                    const ReaderOptions& options = {});

  /// The segments of the snapshot, ascending.
  [[nodiscard]] std::span<const std::uint32_t> segments() const noexcept;

  /// The records of the snapshot from the first one on. Beside a live writer, the last segment ends at its newest whole
  /// record.
  [[nodiscard]] RecordCursor records() const;

  /// The records from a place that a RecordRef once named: the first one returned is the one at that place. If no record begins
  /// there (any more), the cursor ends with `place_lost`, possibly after returning what the bytes there look like. To be sure of
  /// the place, a cursor that ends in that segment reads it once from its beginning.
  [[nodiscard]] RecordCursor records_from(std::uint32_t segment, std::uint64_t offset) const;

  /// The records after `last`, which this reader returned earlier. The cursor's first next() is `place_lost` if `last` is no longer
  /// there as it was: the log was trimmed or compacted meanwhile, or a loss of power took the record back.
  [[nodiscard]] RecordCursor records_after(const RecordRef& last) const;

  /// How much of this snapshot a loss of power cannot take back: a lower bound, from the watermark that the writer keeps. In a store
  /// without one (a copy, or one that the reference implementation wrote) nothing counts until a writer has opened it. Reads what was
  /// synced since the last call.
  /// @return corruption if segments that had been synced are missing; io; snapshot_expired
  [[nodiscard]] Result<DurableEnd> durable_end() const;

  /// Takes a new snapshot. Cursors from before go on with the old one.
  /// @return true if it holds a record that the old one does not show, or no longer the old one's last record. With
  ///   `only_durable`: if more is durable, or other records are
  [[nodiscard]] Result<bool> refresh();

  /// Copies the snapshot into a store in `dir`: as RecordLog::checkpoint, but without the lock, and beside any writer.
  /// @return also snapshot_expired if a segment that could not be kept open was replaced: call refresh()
  [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options = {}) const;

  /// The holds of now, not of the snapshot: datawal::holds_of.
  [[nodiscard]] Result<std::vector<Hold>> holds() const;

  /// True if a writer has the store open now, or if that cannot be determined.
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
