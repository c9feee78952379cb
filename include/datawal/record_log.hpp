#pragma once
// The append-only log: one writing handle per directory.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <datawal/checkpoint.hpp>
#include <datawal/error.hpp>
#include <datawal/holds.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/record_cursor.hpp>
#include <datawal/recovery_report.hpp>
#include <datawal/stats.hpp>

namespace datawal {

/// Options of RecordLog::drop_segments_before.
struct DropOptions {
  bool with_keys = false;  ///< also drop segments that hold Puts: keys whose values lie there are gone
};

/// True if there is a store in `dir`: a segment, or what is left of a store whose segments are missing. False for an absent
/// directory and for a file. Any thread.
/// @return io if `dir` cannot be read
[[nodiscard]] Result<bool> is_store(const std::filesystem::path& dir, const ReaderOptions& options = {});

/// An append-only, segmented log of CRC-framed records. Movable. Any thread may call any function; only moving, close() and
/// destruction must come after every other call. The handle belongs to the process that opened it: in a forked child
/// every call returns `closed` and destruction touches no file.
class RecordLog {
 public:
  /// Opens the log in `dir` for writing, making the directory, its missing parents and segment 1 as needed, and recovers its
  /// longest valid prefix. On return all that recovery_report() counts survives a loss of power. A torn tail is copied to a
  /// quarantine file before it is cut. Reads each segment once; with a state that is believed (OpenOptions::state), only what lies
  /// behind that.
  /// @return
  ///   locked               another handle holds the lock
  ///   corruption           damage, with segment, offset and reason, or an entry named like a segment that is no regular
  ///                        file; nothing but `.lock` was changed. See `datawal repair`
  ///   unsupported_version  a record of a newer format; nothing but `.lock` was changed
  ///   no_space             no room to quarantine the torn tail, to make segment 1, or, on a filesystem that copies on
  ///                        write, to write again what was not proven; nothing acknowledged was touched
  ///   invalid_argument     a network filesystem without allow_network_filesystem, `.lock` is not a regular file with one
  ///                        link, or an option makes no sense
  ///   not_found            there is no store, and OpenMode::must_exist; nothing was made
  ///   already_exists       there is a store, and OpenMode::must_be_new; or this very place already has 100,000
  ///                        quarantine files
  ///   io
  [[nodiscard]] static Result<RecordLog> open(const std::filesystem::path& dir, const OpenOptions& options = {});

  /// Appends one Raw record and says where it went. On return the record survives the death of this process, not a
  /// loss of power; fsync() or `{.sync = true}` makes it survive both. May rotate first (max_segment_bytes).
  /// @param payload  0 .. max_payload_len bytes; copied, the caller may reuse it at once
  /// @return its place, or
  ///   invalid_argument  payload too long, or the segment ids are used up; nothing was written
  ///   no_space          nothing of it stays; the log is usable once there is room
  ///   io                likewise, if the write could be undone
  ///   poisoned          a sync failed, now or earlier, or a failed write could not be undone; reopen to go on. This
  ///                     call's record may or may not be there
  [[nodiscard]] Result<RecordRef> append(std::string_view payload, const WriteOptions& options = {});

  /// append() for any type, with a key of 0 .. max_key_len bytes.
  [[nodiscard]] Result<RecordRef> append_record(RecordType type, std::string_view key, std::string_view payload,
                                                const WriteOptions& options = {});

  /// Appends many records as one: one reservation, one write, one publication, all in one segment. Every later reader sees all of
  /// them or none, unless the process or the power fails meanwhile, or a reader's snapshot was taken just before and the batch crosses what
  /// was then the end of the file: then a prefix of them is left, as of any records, and of the
  /// log. They are encoded into one buffer of their size. Without records nothing is done.
  /// @return their places, in order; otherwise as append(), for all of them
  [[nodiscard]] Result<std::vector<RecordRef>> append_batch(std::span<const RecordInput> records,
                                                            const WriteOptions& options = {});

  /// On return every record appended before survives a loss of power. A failed sync poisons the log and is never retried.
  /// @return poisoned, with the first cause
  [[nodiscard]] Result<void> fsync();

  /// Seals the active segment and starts the next one. On return everything appended before survives a loss of power.
  /// An empty active segment is not rotated.
  /// @return invalid_argument when id 99999999 is the active one; no_space, io: the log goes on in the old segment; poisoned
  [[nodiscard]] Result<void> rotate();

  /// Every record, in memory.
  [[nodiscard]] Result<std::vector<Record>> scan() const;

  /// Writes the state of the log (OpenOptions::state) now, instead of when the options say. Durable on return, as everything appended
  /// before. Appends wait for its syncs. Does nothing without records.
  /// @return invalid_argument if the log was opened without StateOptions::is_enabled; no_space, io: the old one stays, and the log
  ///   goes on; poisoned
  [[nodiscard]] Result<void> save_state();

  /// The records present now, one at a time; later appends are not seen.
  [[nodiscard]] RecordCursor records() const;

  /// The record at `ref`, its CRC checked.
  /// @return not_found if no record with that txid lies there; corruption if its bytes are damaged
  [[nodiscard]] Result<Record> read(const RecordRef& ref) const;

  /// Removes every segment with an id below `id`, oldest first, each durably before the next: retention for a log of events.
  /// The active segment and the one with the newest record stay, whatever `id` is, and so does the first one that a hold keeps, with
  /// all behind it. Cursors of this process keep what
  /// they hold, as far as there are descriptors for it (a quarter of RLIMIT_NOFILE for all that the process keeps open); the rest is
  /// `snapshot_expired` for them. Reads the segments to remove, unless `options.with_keys`.
  /// @return as fsync(), which comes first; what holds() returns where they cannot be read: nothing was removed; invalid_argument if these segments hold a Put and `options.with_keys` is not set: nothing
  ///   was removed; corruption, io, or locked, if another program has locked a segment: some may be gone, and the rest is a log as before
  [[nodiscard]] Result<void> drop_segments_before(std::uint32_t id, const DropOptions& options = {});

  /// Sets the hold `name`: datawal::hold_from, for the process that writes. `txid` may be any that is in the log or 0: what is not durable
  /// yet is synced first. Waits for the segment that a compaction is rewriting, and for drop_segments_before().
  /// @return also invalid_argument if `txid` is larger than last_txid(); poisoned
  [[nodiscard]] Result<void> hold_from(std::string_view name, std::uint64_t txid);

  /// As datawal::drop_hold.
  [[nodiscard]] Result<bool> drop_hold(std::string_view name);

  /// As datawal::holds_of.
  [[nodiscard]] Result<std::vector<Hold>> holds() const;

  /// Makes a consistent copy of the log as it is now in `dir`, which must be absent: sealed segments as hard links where possible.
  /// Writing goes on meanwhile. Durable on return; after a crash complete or absent. The copy and this log never change each
  /// other. Excludes compaction and drop_segments_before().
  /// @return already_exists; not_found if the directory above is absent; invalid_argument if `dir` lies below the log's own; no_space;
  ///   io
  [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options = {}) const;

  /// What open() found.
  [[nodiscard]] const RecoveryReport& recovery_report() const noexcept;

  /// Counts; lists the directory.
  [[nodiscard]] Result<LogStats> stats() const;

  [[nodiscard]] std::uint64_t last_txid() const noexcept;       ///< newest appended; 0 if none ever was
  [[nodiscard]] std::uint64_t durable_txid() const noexcept;    ///< newest known to survive a loss of power
  [[nodiscard]] std::uint32_t active_segment() const noexcept;  ///< id of the segment that is appended to
  [[nodiscard]] bool is_poisoned() const noexcept;              ///< true if only reading still works

  /// Syncs, records how far, writes the state where that is enabled and pays, and releases the lock; a poisoned log changes no file. The handle is closed whatever
  /// this returns, and closing it again is no error. The destructor does the same and swallows the error.
  /// @return poisoned if it was, or if this last sync failed
  [[nodiscard]] Result<void> close();

  RecordLog(RecordLog&&) noexcept;
  RecordLog& operator=(RecordLog&&) noexcept;
  ~RecordLog();

 private:
  friend struct RecordLogAccess;
  struct Impl;
  explicit RecordLog(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
