#pragma once
// Options for opening a store and for writing a record.

#include <chrono>
#include <cstdint>
#include <functional>

namespace safeatomic {
class FileSystem;
}

namespace datawal {

/// How frames reach the active segment. All leave the same bytes behind, and survive the death of the process alike.
enum class WritePath : std::uint8_t {
  automatic,  ///< `mapped` where a block that was reserved is never refused later (ext4, tmpfs, XFS without reflink), else `append`
  mapped,  ///< small records are copied into a shared mapping of space reserved ahead, large ones written there: some 40 times
  ///< faster. Until rotate() or close() the active segment ends in zeros. Where the filesystem can reserve nothing it
  ///< is `append`; where it breaks its word on a full disk, the process gets a SIGBUS
  append,  ///< one `pwritev` of whole frames per call
};

/// How single records are read back (DataWal::get and the like). Every record's CRC is checked either way.
enum class ReadPath : std::uint8_t {
  mapped,  ///< from a shared mapping: several times faster. Where the disk fails, or somebody truncates a segment from
           ///< outside, the process gets a SIGBUS
  pread,  ///< by system call: the same becomes an `io` error. Up to 64 files stay open, fewer where descriptors are few
};

/// When the log syncs without being told to.
class SyncPolicy {
 public:
  /// Promised only by fsync(), rotate(), close(), and calls with WriteOptions::sync. Once much was written, a sync in the background may
  /// come sooner, so that none of these has to wait long.
  [[nodiscard]] static constexpr SyncPolicy manual() noexcept { return SyncPolicy(std::chrono::milliseconds(-1)); }
  /// Before each append returns.
  [[nodiscard]] static constexpr SyncPolicy every_append() noexcept { return SyncPolicy(std::chrono::milliseconds(0)); }
  /// In a background thread, `period` after the last time. durable_txid() tells how far it got; a failure poisons the log.
  /// @param period  taken for one millisecond if it is less
  [[nodiscard]] static constexpr SyncPolicy interval(std::chrono::milliseconds period) noexcept {
    return SyncPolicy(period.count() < 1 ? std::chrono::milliseconds(1) : period);
  }

  /// True for every_append().
  [[nodiscard]] constexpr bool is_every_append() const noexcept { return period_.count() == 0; }
  /// The period of interval(); 0 for the others.
  [[nodiscard]] constexpr std::chrono::milliseconds period() const noexcept {
    return period_.count() > 0 ? period_ : std::chrono::milliseconds(0);
  }
  friend constexpr bool operator==(const SyncPolicy&, const SyncPolicy&) = default;

 private:
  explicit constexpr SyncPolicy(std::chrono::milliseconds period) noexcept : period_(period) {}
  std::chrono::milliseconds period_;  // negative: manual
};

/// Progress of a long call.
struct Progress {
  std::uint64_t bytes_done = 0;   ///< read so far
  std::uint64_t bytes_total = 0;  ///< to be read
};
using ProgressCallback = std::function<void(const Progress&)>;

/// Options of one write.
struct WriteOptions {
  bool sync = false;  ///< return only when the record, and all before it, survive a loss of power
};

/// Compaction in the background (DataWal::compact), of sealed segments only. So that these are soon worth it, a segment then ends at an
/// eighth of what lives or at 16 MiB, whichever is more, unless `max_segment_bytes` is less, or 0. With the values below the files stay
/// below twice what lives, also while all of it is overwritten at full speed; above that where disk or processors are not fast enough
/// for both.
struct AutoCompact {
  bool is_enabled = false;  ///< off unless asked for
  /// Begins when the sealed segments together hold this share of garbage, and rewrites those that do.
  double garbage_ratio = 0.4;
  std::uint64_t max_bytes_per_second = 64ULL << 20;  ///< read and written together; 0: as fast as it goes
  /// Compact faster than that while records are appended faster than space is freed: twice as fast as needed to keep up. Otherwise writers
  /// that do not pause can fill the disk with dead records.
  bool keeps_up_with_writers = true;
};

/// Reading the whole store in the background, for damage that nothing else would meet (DataWal::scrub): once when the store is opened, and
/// again `period` after that has ended. StoreStats::scrub tells what was found.
struct Scrubbing {
  bool is_enabled = false;                           ///< off unless asked for
  std::chrono::seconds period{7 * 24 * 3600};        ///< a week; at least one second
  std::uint64_t max_bytes_per_second = 16ULL << 20;  ///< read of the log; 0: as fast as it goes
  bool compares_index = true;                        ///< also with the persisted index: ScrubOptions::compares_index
};

/// The persisted index: a file `.index` beside the segments with which DataWal::open reads only what was appended since it was written,
/// so that it takes milliseconds at any size. A cache: it can be deleted at any time, and one that does not fit what is there is not
/// used. RecoveryReport::index_state tells.
///
/// Off unless asked for, since it changes when damage is found: what is not read at open may be damaged without open noticing. A get, a
/// compaction, an export, or check() finds it.
struct IndexOptions {
  bool is_enabled = false;  ///< use it at open, and write it after a compaction and at close
  bool write_at_close =
      true;  ///< if it pays: not where writing would take ten times as long as the replay that it saves
  std::uint64_t least_records = 20'000;  ///< it never pays if no more than so many were appended behind the last one
  /// A thread writes it whenever the log has grown behind the last one by the size of the index, but at least by `least_bytes`: that much an
  /// open reads after a crash. Writers go on meanwhile.
  bool writes_in_background = true;
  std::uint64_t least_bytes = 64ULL << 20;  ///< takes some 0.1 s to read
  /// A thread loads all of it once the store is open, a microsecond per 4 KiB, and ends. Without, or with a memory_limit, each page is
  /// loaded when it is needed.
  bool loads_in_background = true;
  /// About so many bytes of memory for the index; 0: all that it needs. With it, more keys than memory: pages of 4 KiB, some 250 keys
  /// each, are read from the file when a key is looked up, and make room for others. A goal, exceeded by what was changed since the file
  /// was written last, which has to stay in memory until it is again: with keys at random, soon most of the index. A thread writes the
  /// file once the changed pages exceed half of the limit, but never more than four bytes for each byte that was appended meanwhile.
  /// A compaction changes the pages of all records that it moves; a view keeps those that were changed; a walk takes 8 bytes a key.
  /// Where the index cannot be written (a damaged page of it, a full disk), all that is changed stays in memory.
  /// `open` refuses it as invalid_argument without is_enabled.
  std::uint64_t memory_limit = 0;
};

/// The state of a log: a file `.state` beside the segments that describes every segment. With it RecordLog::open reads only what was
/// appended since it was written, and takes milliseconds at any size. A cache, as the index is: it can be deleted at any time, and one
/// that does not fit the segments is not used. RecoveryReport::index_state tells. 152 bytes a segment.
///
/// Off unless asked for, since it changes when damage is found: what is not read at open may be damaged without open noticing. A cursor,
/// read(), or check() finds it.
struct StateOptions {
  bool is_enabled = false;  ///< use it at open, and write it at rotation and at close
  /// Written at rotation once the next open would read sixteen times the length of the state, and of `least_bytes`: that much, besides a
  /// segment, an open reads after a crash. Costs a sync of one more file, for which appends wait.
  bool write_at_rotation = true;
  bool write_at_close = true;  ///< if it pays: where the next open would otherwise read much of the log
  /// Not written if the next open would read fewer bytes of records than this. An open reads those behind the last state and, if that was
  /// written within a segment that has grown since, those before it in the segment.
  std::uint64_t least_bytes = 1ULL << 20;
};

/// How much `open` reads of a store with an index, or of a log with a state.
enum class Verification : std::uint8_t {
  index,  ///< the index or state, if it is enabled and fits, and what lies behind it
  full,   ///< every record
};

/// What `open` does if there is no store, and if there is one: is_store().
enum class OpenMode : std::uint8_t {
  create_if_missing,  ///< opens the store, or makes one
  must_exist,         ///< `not_found` if there is none; nothing is made then
  must_be_new,        ///< `already_exists` if there is one; nothing is changed then
};

/// Options for opening a store for writing.
struct OpenOptions {
  /// The active segment is rotated before it would grow beyond this many bytes; 0 leaves rotation to rotate(). A larger
  /// record gets a segment of its own. With 0 the rewrite that `open` does after a crash has no bound.
  std::uint64_t max_segment_bytes = 256ULL << 20;
  WritePath write_path = WritePath::automatic;    ///< how frames reach the active segment
  ReadPath read_path = ReadPath::mapped;          ///< how single records are read back
  SyncPolicy sync_policy = SyncPolicy::manual();  ///< when to sync without being told to
  AutoCompact auto_compact{};                     ///< of DataWal
  Scrubbing scrub{};                              ///< of DataWal
  OpenMode mode = OpenMode::create_if_missing;    ///< what may be there
  std::uint32_t file_mode = 0600;  ///< permission bits of new files, before the umask; the owner's rw are among them
  std::uint32_t directory_mode =
      0700;  ///< permission bits of new directories, before the umask; the owner's rwx are among them
  /// Copy a torn tail to `NNNNNNNN.dwal.torn-OFFSET` before it is cut. Without, its bytes are gone: a way to open a
  /// store on a disk that is too full for the copy.
  bool quarantine_torn_tail = true;
  /// Locks do not hold reliably on network filesystems; without this, opening for writing there is refused.
  bool allow_network_filesystem = false;
  /// Threads that `DataWal::open` may use, all of them gone when it returns. 1: none but the caller's. 2: a second one keeps the
  /// index while the caller's reads. 0: as 2 where there is a second processor and the store is large enough to gain by it.
  std::uint32_t open_threads = 0;
  IndexOptions index{};                             ///< of DataWal
  StateOptions state{};                             ///< of RecordLog
  Verification verification = Verification::index;  ///< where an index or a state is enabled
  /// Called now and then while `open` reads the segments, from the opening thread. Must not throw.
  ProgressCallback on_progress{};
  /// Null: the operating system's. Not owned; must outlive the log.
  safeatomic::FileSystem* file_system = nullptr;
};

/// For the read-only side. A reader keeps up to 128 segments open, the newest, so that it can read them whatever becomes of their
/// names. All readers and stores of a process together keep a quarter of RLIMIT_NOFILE, each at most half of what is left of it. Where
/// there are no descriptors they do with two or three each; what is not kept open expires when it is replaced.
struct ReaderOptions {
  /// RecordLogReader: show only what a loss of power cannot take back, as the watermark proves it: RecordLogReader::durable_end.
  /// DataWalReader refuses it as invalid_argument: of a key the newest value is shown.
  bool only_durable = false;
  ReadPath read_path = ReadPath::mapped;  ///< of DataWalReader, for sealed segments; the active one is never mapped
  std::uint32_t open_threads = 0;         ///< of DataWalReader, also in refresh(); as OpenOptions::open_threads
  /// DataWalReader: use the store's persisted index if there is one that fits, so that opening costs the same at any size. Each page
  /// is loaded when it is needed; a damaged one is an error, and the index is left where it is.
  bool uses_index = false;
  /// DataWalReader, with uses_index, else refused as invalid_argument: as IndexOptions::memory_limit. What lies behind the index, and what
  /// refresh() finds, stays in memory; without an index that fits, all of it does.
  std::uint64_t index_memory_limit = 0;
  /// RecordLogReader: use the log's state if there is one that fits, so that refresh() and durable_end() do not read the last segments
  /// from their beginnings.
  bool uses_state = false;
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

}  // namespace datawal
