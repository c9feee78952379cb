#include "kv/records/removed_files.hpp"

#include <utility>

namespace datawal::kv {

std::uint64_t RemovedFiles::pin() {
  const Locked guard(mutex_);
  ++pinned_[now_];
  return now_;
}

void RemovedFiles::pin(std::uint64_t instant) {
  const Locked guard(mutex_);
  ++pinned_[instant];
}

void RemovedFiles::unpin(std::uint64_t instant) noexcept {
  std::shared_ptr<SegmentFile> unneeded;
  {
    const Locked guard(mutex_);
    const auto found = pinned_.find(instant);
    if (--found->second > 0) return;
    pinned_.erase(found);
    unneeded = take_unneeded();
  }
  destroy(std::move(unneeded));
}

void RemovedFiles::note_added(SegmentFile& file) noexcept {
  const Locked guard(mutex_);
  file.added_at = ++now_;
}

void RemovedFiles::add(std::shared_ptr<SegmentFile> file) noexcept {
  const Locked guard(mutex_);
  file->removed_at = ++now_;
  if (!is_needed(*file)) return;  // the caller has it
  file->removed_after = std::move(kept_);
  kept_ = std::move(file);
}

bool RemovedFiles::is_needed(const SegmentFile& file) const noexcept {
  const auto first = pinned_.lower_bound(file.added_at);
  return first != pinned_.end() && first->first < file.removed_at;
}

// Those that no instant needs any more, linked.
std::shared_ptr<SegmentFile> RemovedFiles::take_unneeded() noexcept {
  std::shared_ptr<SegmentFile> unneeded;
  for (std::shared_ptr<SegmentFile>* place = &kept_; *place;) {
    if (is_needed(**place)) {
      place = &(*place)->removed_after;
      continue;
    }
    std::shared_ptr<SegmentFile> file = std::move(*place);
    *place = std::exchange(file->removed_after, std::move(unneeded));
    unneeded = std::move(file);
  }
  return unneeded;
}

// One after the other, since there may be more than the stack has room for.
void RemovedFiles::destroy(std::shared_ptr<SegmentFile> file) noexcept {
  while (file) file = std::move(file->removed_after);
}

}  // namespace datawal::kv
