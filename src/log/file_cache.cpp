#include "log/file_cache.hpp"

namespace datawal {

Result<std::shared_ptr<safeatomic::File>> FileCache::open(const std::shared_ptr<safeatomic::Directory>& directory,
                                                          const PinnedSegment& segment) {
  const std::lock_guard guard(mutex_);
  Slot& slot = slots_[segment.id % slots_.size()];
  if (slot.id == segment.id) return slot.file;
  Snapshot only;
  only.directory = directory;
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(only, segment);
  if (file) slot = {.id = segment.id, .file = *file};
  return file;
}

}  // namespace datawal
