#include "log/read/file_cache.hpp"

#include <utility>

#include "log/directory/kept_files.hpp"

namespace datawal::log {

Result<std::shared_ptr<safeatomic::File>> FileCache::open(const std::shared_ptr<safeatomic::Directory>& directory,
                                                          const PinnedSegment& segment) {
  const Locked guard(mutex_);
  Slot& slot = slots_[segment.id % slots_.size()];
  const safeatomic::FileInfo& info = segment.info;
  if (slot.id == segment.id && slot.inode == info.inode && slot.device == info.device) return slot.file;
  Snapshot only;
  only.directory = directory;
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(only, segment);
  if (!file && is_out_of_descriptors(file.error().os_errno)) {
    slots_ = {};  // better slow than not at all
    file = open_pinned(only, segment);
  }
  if (!file || (segment.kept && segment.kept->get())) return file;  // without its name it is kept elsewhere
  slot = {};
  if (std::shared_ptr<safeatomic::File> kept = keep_open(*file)) {
    slot = {.id = segment.id, .device = info.device, .inode = info.inode, .file = std::move(kept)};
  }
  return file;
}

void FileCache::forget(std::uint32_t id) {
  const Locked guard(mutex_);
  Slot& slot = slots_[id % slots_.size()];
  if (slot.id == id) slot = {};
}

}  // namespace datawal::log
