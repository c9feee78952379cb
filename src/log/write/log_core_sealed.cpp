// LogCore: sealed segments.

#include <algorithm>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

Result<std::vector<PinnedSegment>> LogCore::sealed() const {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  const std::lock_guard guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return propagate(usable);
  std::vector<PinnedSegment> segments;
  add_sealed_to(segments);
  return segments;
}

void LogCore::add_sealed_to(std::vector<PinnedSegment>& segments) const {
  segments.reserve(segments.size() + sealed_.size() + 1);
  for (const auto& [id, segment] : sealed_) segments.push_back(segment);
}

PinnedSegment* LogCore::find_sealed(std::uint32_t id) noexcept {
  const auto found = sealed_.find(id);
  return found != sealed_.end() ? &found->second : nullptr;
}

Error LogCore::not_sealed(std::uint32_t id) const {
  return {.code = Errc::not_found,
          .action = "change segment",
          .path = segment::path(directory_->path(), id),
          .segment = id,
          .detail = "it is not one of the sealed segments"};
}

Result<void> LogCore::sync_names() {
  Guard guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return usable;
  const Turn turn(*this, guard);
  if (Result<void> usable = refuse_closed(); !usable) return usable;
  Doubt doubt(*this, guard, "sync directory");
  guard.unlock();
  const safeatomic::Result<void> synced = directory_->sync();
  guard.lock();
  doubt.resolve();
  if (synced) return {};
  return poison(synced.error(), "sync directory");
}

Result<PinnedSegment> LogCore::replace_sealed(std::uint32_t id, std::shared_ptr<safeatomic::File> old,
                                              safeatomic::TemporaryFile& rewritten) {
  const safeatomic::Result<safeatomic::FileInfo> info = rewritten.file().info();
  if (!info) return io_failure(info, "inspect segment");
  PinnedSegment now{.id = id, .info = *info, .kept = std::make_shared<KeptFile>()};
  {
    const std::lock_guard guard(mutex_);
    if (Result<void> usable = refuse_change(); !usable) return propagate(usable);
    PinnedSegment* const segment = find_sealed(id);
    if (segment == nullptr) return std::unexpected(not_sealed(id));
    segment->kept->keep(std::move(old));  // from here on, whoever misses the name finds the file
  }
  if (safeatomic::Result<void> named = rewritten.publish_over(segment::filename(id)); !named) {
    return io_failure(named, "replace segment");
  }
  {
    const std::lock_guard guard(mutex_);
    if (PinnedSegment* const segment = find_sealed(id); segment != nullptr) *segment = now;
  }
  cache_.forget(id);
  if (Result<void> synced = sync_names(); !synced) return propagate(synced);
  return now;
}

Result<void> LogCore::remove_sealed(std::uint32_t id, std::shared_ptr<safeatomic::File> old) {
  {
    const std::lock_guard guard(mutex_);
    if (Result<void> usable = refuse_change(); !usable) return usable;
    PinnedSegment* const segment = find_sealed(id);
    if (segment == nullptr) return std::unexpected(not_sealed(id));
    segment->kept->keep(std::move(old));
  }
  const safeatomic::Result<void> removed = directory_->unlink(segment::filename(id));
  if (!removed && removed.error().code != safeatomic::Errc::not_found) return io_failure(removed, "remove segment");
  {
    const std::lock_guard guard(mutex_);
    sealed_.erase(id);
  }
  cache_.forget(id);
  return sync_names();
}

}  // namespace datawal::log
