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
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/record_cursor.hpp>
#include <datawal/recovery_report.hpp>
#include <datawal/stats.hpp>

namespace datawal {

/// For RecordLog::drop_segments_before.
struct DropOptions {
  bool with_keys = false;  ///< also segments that hold Puts: keys whose values lie there are gone then
};

/// Whether there is a store in `dir`: a segment, or what is left of a store whose segments are missing. An absent directory holds
/// none, and neither does a file. Any thread.
/// @return io if it cannot be looked at
[[nodiscard]] Result<bool> is_store(const std::filesystem::path& dir, const ReaderOptions& options = {});

/// An append-only, segmented log of CRC-framed records. Movable; all functions may be called from any thread, but for moving,
/// close() and destruction, which must be the last. The handle belongs to the process that opened it: in a forked child
/// every call returns `closed` and destruction touches no file.
class RecordLog {
 public:
  /// Opens the log in `dir` for writing, making the directory, its missing parents and segment 1 as needed, and recovers its
  /// longest valid prefix. On return all that recovery_report() counts survives a loss of power. A torn tail is copied to a
  /// quarantine file before it is cut. Reads each segment once.
  /// @return
  ///   locked               another handle has it
  ///   corruption           damage, with segment, offset and reason, or an entry named like a segment that is no regular
  ///                        file; nothing but `.lock` was changed. See `datawal repair`
  ///   unsupported_version  a record of a newer format; nothing but `.lock` was changed
  ///   no_space             too full to quarantine the torn tail, to make segment 1, or, where a filesystem copies on
  ///                        write, to write again what was not proven; nothing acknowledged was touched
  ///   invalid_argument     a network filesystem without allow_network_filesystem, `.lock` is not a regular file with one
  ///                        link, or an option makes no sense
  ///   not_found            there is no store, and OpenMode::must_exist; nothing was made
  ///   already_exists       there is a store, and OpenMode::must_be_new; or 100,000 quarantine files of this very place are
  ///                        there
  ///   io
  [[nodiscard]] static Result<RecordLog> open(const std::filesystem::path& dir, const OpenOptions& options = {});

  /// Appends one Raw record and says where it went. On return the record survives the death of this process, not a
  /// loss of power; fsync() or `{.sync = true}` makes it survive both. May rotate first (max_segment_bytes).
  /// @param payload  0 .. max_payload_len bytes; copied, the caller may reuse it at once
  /// @return its place, or
  ///   invalid_argument  payload too long, or the segment ids are used up; nothing was written
  ///   no_space          nothing of it stays; the log is usable once there is room
  ///   io                likewise, if the write could be undone
  ///   poisoned          a sync failed, now or earlier, or a failed write could not be undone; reopen to go on. The record
  ///                     of this call may or may not be there then
  [[nodiscard]] Result<RecordRef> append(std::string_view payload, const WriteOptions& options = {});

  /// append() for any type, with a key of 0 .. max_key_len bytes.
  [[nodiscard]] Result<RecordRef> append_record(RecordType type, std::string_view key, std::string_view payload,
                                                const WriteOptions& options = {});

  /// Appends many records as one: one reservation, one write, one publication, all in one segment. All or none of them are there
  /// for every later reader, unless the process or the power fails in it: what is left then is a prefix of them, as of any
  /// records, and one of the log. Encoded in one buffer of that size. None: nothing is done.
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

  /// The records that are there now, one at a time; what is appended later is not seen.
  [[nodiscard]] RecordCursor records() const;

  /// The record at `ref`, its CRC checked.
  /// @return not_found if no record with that txid lies there; corruption if its bytes are damaged
  [[nodiscard]] Result<Record> read(const RecordRef& ref) const;

  /// Removes every segment with an id below `id`, oldest first, each durably before the next: retention for a log of events.
  /// The active segment and the one with the newest record stay, whatever `id` says. Snapshots and cursors of this process go
  /// on with what they hold. Reads what is to go, unless `options.with_keys`.
  /// @return as fsync(), which comes first; invalid_argument if there is a Put in these segments, and `options` do not say that it may
  ///   go: nothing was removed; corruption; io: some may be gone, and the rest is a log as before
  [[nodiscard]] Result<void> drop_segments_before(std::uint32_t id, const DropOptions& options = {});

  /// A consistent copy of the log as it is now, in `dir`, which must be absent: sealed segments as hard links where possible.
  /// Writing goes on meanwhile. Durable on return; after a crash complete or absent. Nothing in it is ever changed by
  /// this log, nor the other way round. Excludes compaction and drop_segments_before().
  /// @return already_exists; not_found if the directory above is absent; invalid_argument if `dir` lies below the log's own; no_space;
  ///   io
  [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options = {}) const;

  /// What open() met.
  [[nodiscard]] const RecoveryReport& recovery_report() const noexcept;

  /// Counts; lists the directory for it.
  [[nodiscard]] Result<LogStats> stats() const;

  [[nodiscard]] std::uint64_t last_txid() const noexcept;       ///< newest appended; 0 if none ever was
  [[nodiscard]] std::uint64_t durable_txid() const noexcept;    ///< newest known to survive a loss of power
  [[nodiscard]] std::uint32_t active_segment() const noexcept;  ///< the id of the one that is appended to
  [[nodiscard]] bool is_poisoned() const noexcept;              ///< whether only reading goes on

  /// Syncs, records how far, and gives the lock back; a poisoned log changes no file. The handle is closed whatever
  /// is returned, and closing it again is no error. The destructor does the same and swallows the error.
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
