#pragma once
// What can be chosen when a store is opened and when a record is written.

#include <cstdint>
#include <functional>

namespace safeatomic {
class FileSystem;
}

namespace datawal {

/// How frames reach the active segment.
enum class WritePath : std::uint8_t {
  automatic,  ///< what is fastest where nothing is given up for it
  append,     ///< one `pwritev` of whole frames per call
};

/// How single records are read back (DataWal::get and the like). Every record's CRC is checked either way.
enum class ReadPath : std::uint8_t {
  mapped,  ///< from a shared mapping: several times faster. Where the disk fails, or somebody truncates a segment from
           ///< outside, the process gets a SIGBUS
  pread,   ///< by system call: the same becomes an `io` error
};

/// When the log syncs without being told to.
enum class SyncPolicy : std::uint8_t {
  manual,        ///< only in fsync(), rotate(), close(), and in calls with WriteOptions::sync
  every_append,  ///< before each append returns
};

/// How far a long opening or checking has come.
struct Progress {
  std::uint64_t bytes_done = 0;   ///< read so far
  std::uint64_t bytes_total = 0;  ///< to be read
};
using ProgressCallback = std::function<void(const Progress&)>;

/// For one write.
struct WriteOptions {
  bool sync = false;  ///< return only when the record, and all before it, survive a loss of power
};

/// For opening a store to write.
struct OpenOptions {
  /// The active segment is rotated before it would grow beyond this many bytes; 0 leaves rotation to rotate(). A larger
  /// record gets a segment of its own. With 0 the rewrite that `open` does after a crash has no bound.
  std::uint64_t max_segment_bytes = 256ULL << 20;
  WritePath write_path = WritePath::automatic;  ///< how frames reach the active segment
  ReadPath read_path = ReadPath::mapped;        ///< how single records are read back
  SyncPolicy sync_policy = SyncPolicy::manual;  ///< when to sync without being told to
  std::uint32_t file_mode = 0600;               ///< permission bits of new files, before the umask
  std::uint32_t directory_mode = 0700;          ///< permission bits of new directories, before the umask
  /// Copy a torn tail to `NNNNNNNN.dwal.torn-OFFSET` before it is cut. Without, its bytes are gone: a way to open a
  /// store on a disk that is too full for the copy.
  bool quarantine_torn_tail = true;
  /// Locks do not hold reliably on network filesystems; without this, opening for writing there is refused.
  bool allow_network_filesystem = false;
  /// Threads that `DataWal::open` may use, all of them gone when it returns. 1: none but the caller's. 2: a second one keeps the
  /// index while the caller's reads. 0: as 2 where there is a second processor and the store is large enough to gain by it.
  std::uint32_t open_threads = 0;
  /// Called now and then while `open` reads the segments, from the opening thread. Must not throw.
  ProgressCallback on_progress{};
  /// Null: the operating system's. Not owned; must outlive the log.
  safeatomic::FileSystem* file_system = nullptr;
};

/// For the read-only side.
struct ReaderOptions {
  ReadPath read_path = ReadPath::mapped;  ///< of DataWalReader, for sealed segments; the active one is never mapped
  std::uint32_t open_threads = 0;         ///< of DataWalReader, also in refresh(); as OpenOptions::open_threads
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

}  // namespace datawal
