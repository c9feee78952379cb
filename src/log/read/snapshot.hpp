#pragma once
// A set of segment files that were all current at one instant.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/mutex.hpp"
#include "format/watermark.hpp"
#include "log/directory/store_owner.hpp"
#include "log/read/log_end.hpp"

namespace datawal::log {

/// The file of a segment that loses its name while a snapshot of the same process still holds it. Any thread.
class KeptFile {
 public:
  /// Call it before the name goes, so that whoever finds another file there finds this one here.
  void keep(std::shared_ptr<safeatomic::File> file) {
    const Locked guard(mutex_);
    file_ = std::move(file);
  }
  /// Null: the name still leads to it.
  [[nodiscard]] std::shared_ptr<safeatomic::File> get() const {
    const Locked guard(mutex_);
    return file_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<safeatomic::File> file_ DATAWAL_GUARDED_BY(mutex_);
};

/// One segment as it was when the snapshot was taken.
struct PinnedSegment {
  std::uint32_t id = 0;
  safeatomic::FileInfo info;  ///< its identity (device and inode; if sealed, the size too), and its size then
  std::shared_ptr<safeatomic::File> file{};  ///< null: opened by name when needed; another file by then is refused
  std::shared_ptr<KeptFile> kept{};          ///< of a log that this process writes: that file, once its name is gone
};

/// Immutable once made, except its end; shared by the cursors that read it.
struct Snapshot {
  std::shared_ptr<safeatomic::Directory> directory;
  std::vector<PinnedSegment> segments;         ///< ascending
  std::optional<format::Watermark> watermark;  ///< read before the segments were listed
  std::uint64_t quarantined_previously = 0;
  mutable EndMark end{};  ///< for a log that somebody may be writing
  /// A record that ended an earlier snapshot of the same reader and is still there: after it another one begins. txid 0: none.
  mutable RecordRef known{};

  /// The segment with this id, null if it is not part of the snapshot.
  [[nodiscard]] const PinnedSegment* find(std::uint32_t id) const noexcept;
};

/// One snapshot keeps open at most this many segments, the newest: far below the usual limit of 1,024 descriptors. Fewer if
/// descriptors are scarce (kept_files.hpp), at worst none: the others are opened when needed.
inline constexpr std::size_t max_pinned_descriptors = 128;

/// Who owns files that are made in the store: StoreOwner.
[[nodiscard]] safeatomic::Result<StoreOwner> owner_of(const Snapshot& snapshot, std::uint32_t mode);

/// The path of a segment, for messages.
[[nodiscard]] std::filesystem::path segment_path(const Snapshot& snapshot, std::uint32_t id);

/// The open file of a pinned segment.
/// @return snapshot_expired if it was not kept open and was replaced or removed meanwhile
[[nodiscard]] Result<std::shared_ptr<safeatomic::File>> open_pinned(const Snapshot& snapshot,
                                                                    const PinnedSegment& segment);

/// Pins what is there now, without a lock: lists, pins, checks that nothing follows, and lists again, until nothing differs. All
/// that is pinned was then current at the instant when nothing followed, and the last one is as long as it was then or later.
/// `previous` lends the pins that are still current, except its last one.
/// @return snapshot_expired if the store did not hold still for `max_snapshot_tries`
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> take_snapshot(std::shared_ptr<safeatomic::Directory> directory,
                                                                    const Snapshot* previous);
/// take_snapshot() of the store in `dir`, whose directory it opens. @return also not_found if there is none
/// @param file_system  null: the operating system's
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> snapshot_of(const std::filesystem::path& dir,
                                                                  safeatomic::FileSystem* file_system);

/// Each try costs one `stat` per segment.
inline constexpr int max_snapshot_tries = 1000;

}  // namespace datawal::log
