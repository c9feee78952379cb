#pragma once
// A set of segment files that were all current at one instant.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "format/watermark.hpp"
#include "log/directory/store_owner.hpp"
#include "log/read/log_end.hpp"

namespace datawal::log {

/// The file of a segment that loses its name while a snapshot of the same process still holds it. Any thread.
class KeptFile {
 public:
  /// Called before the name goes, so that whoever finds another file there finds this one here.
  void keep(std::shared_ptr<safeatomic::File> file) {
    const std::lock_guard guard(mutex_);
    file_ = std::move(file);
  }
  /// Null: the name still stands for it.
  [[nodiscard]] std::shared_ptr<safeatomic::File> get() const {
    const std::lock_guard guard(mutex_);
    return file_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<safeatomic::File> file_;
};

/// One segment as it was when the snapshot was taken.
struct PinnedSegment {
  std::uint32_t id = 0;
  safeatomic::FileInfo info;  ///< its identity (device and inode; also the size, where it is sealed), and its size then
  std::shared_ptr<safeatomic::File>
      file{};                        ///< null: opened by name when needed, and refused if it is another file by then
  std::shared_ptr<KeptFile> kept{};  ///< of a log that this process writes: that file, once its name has gone
};

/// Immutable once made, but for its end; shared by the cursors that read it.
struct Snapshot {
  std::shared_ptr<safeatomic::Directory> directory;
  std::vector<PinnedSegment> segments;         ///< ascending
  std::optional<format::Watermark> watermark;  ///< read before the segments were listed
  std::uint64_t quarantined_previously = 0;
  mutable EndMark end{};  ///< where somebody may be writing
  /// A record that ended an earlier snapshot of the same reader and is still there: behind it another one begins. txid 0: none.
  mutable RecordRef known{};

  /// The segment with this id, null if it is not part of the snapshot.
  [[nodiscard]] const PinnedSegment* find(std::uint32_t id) const noexcept;
};

/// At most this many segments, the newest, are kept open by one snapshot: far below the usual limit of 1,024 descriptors. Fewer
/// where there are fewer (kept_files.hpp), and at worst none: what is not kept open is opened when it is needed.
inline constexpr std::size_t max_pinned_descriptors = 128;

/// To whom files belong that are made in the store: StoreOwner.
[[nodiscard]] safeatomic::Result<StoreOwner> owner_of(const Snapshot& snapshot, std::uint32_t mode);

/// The path of a segment, for messages.
[[nodiscard]] std::filesystem::path segment_path(const Snapshot& snapshot, std::uint32_t id);

/// The open file of a pinned segment.
/// @return snapshot_expired if it had not been kept open and was replaced or removed meanwhile
[[nodiscard]] Result<std::shared_ptr<safeatomic::File>> open_pinned(const Snapshot& snapshot,
                                                                    const PinnedSegment& segment);

/// Pins what is there now, without a lock: lists, pins, sees that nothing lies behind, and lists again, until nothing of it
/// differs. All that is pinned was then current at the instant at which nothing lay behind, and the last one is as long as it was
/// then or later. `previous` lends the pins that are still current, but for its last one.
/// @return snapshot_expired if the store would not hold still for `max_snapshot_tries`
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> take_snapshot(std::shared_ptr<safeatomic::Directory> directory,
                                                                    const Snapshot* previous);

/// Each try costs one `stat` per segment.
inline constexpr int max_snapshot_tries = 1000;

}  // namespace datawal::log
