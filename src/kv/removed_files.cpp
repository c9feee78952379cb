#include "kv/removed_files.hpp"

#include <utility>

namespace datawal::kv {

std::uint64_t RemovedFiles::pin() {
  const std::lock_guard guard(mutex_);
  ++pinned_[now_];
  return now_;
}

void RemovedFiles::unpin(std::uint64_t instant) noexcept {
  std::shared_ptr<SpaceSegment> unneeded;
  {
    const std::lock_guard guard(mutex_);
    const auto found = pinned_.find(instant);
    if (--found->second == 0) pinned_.erase(found);
    unneeded = take_unneeded();
  }
  destroy(std::move(unneeded));
}

void RemovedFiles::add(std::shared_ptr<SpaceSegment> file) noexcept {
  const std::lock_guard guard(mutex_);
  file->removed_at = ++now_;
  if (pinned_.empty()) return;  // the caller has it
  std::shared_ptr<SpaceSegment>& place = oldest_ ? newest_->removed_after : oldest_;
  newest_ = file.get();
  place = std::move(file);
}

// Those that were removed before every pinned instant, linked.
std::shared_ptr<SpaceSegment> RemovedFiles::take_unneeded() noexcept {
  SpaceSegment* last = nullptr;
  for (SpaceSegment* file = oldest_.get(); file != nullptr; file = file->removed_after.get()) {
    if (!pinned_.empty() && file->removed_at > pinned_.begin()->first) break;
    last = file;
  }
  if (last == nullptr) return nullptr;
  std::shared_ptr<SpaceSegment> rest = std::move(last->removed_after);
  return std::exchange(oldest_, std::move(rest));
}

// One after the other, since there may be more than the stack has room for.
void RemovedFiles::destroy(std::shared_ptr<SpaceSegment> file) noexcept {
  while (file) file = std::move(file->removed_after);
}

}  // namespace datawal::kv
