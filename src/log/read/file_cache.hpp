#pragma once
// Open files of sealed segments, for reads of single records.

#include <array>
#include <cstdint>
#include <memory>

#include <datawal/error.hpp>

#include "base/mutex.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::log {

/// Keeps the files used last open, so that a read costs one `pread`: up to 64, fewer if descriptors are scarce, none if there are
/// none left. Any thread.
class FileCache {
 public:
  /// The open file of `segment`, which belongs to `directory`. Errors as open_pinned.
  [[nodiscard]] Result<std::shared_ptr<safeatomic::File>> open(const std::shared_ptr<safeatomic::Directory>& directory,
                                                               const PinnedSegment& segment);

  /// Closes the file of a segment that has lost its name: as long as it is open its space is not freed.
  void forget(std::uint32_t id);

 private:
  struct Slot {
    std::uint32_t id = 0;
    std::uint64_t device = 0;  // a rewritten segment is another file
    std::uint64_t inode = 0;
    std::shared_ptr<safeatomic::File> file;
  };
  Mutex mutex_;
  std::array<Slot, 64> slots_ DATAWAL_GUARDED_BY(
      mutex_);  // by id modulo the size: descriptors stay few, and neighbours do not evict each other
};

}  // namespace datawal::log
