// LogCore: sealed segments.

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

Result<std::vector<PinnedSegment>> LogCore::sealed() const {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  const Locked guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return propagate(usable);
  std::vector<PinnedSegment> segments;
  segments_->add_sealed_to(segments);
  return segments;
}

Result<void> LogCore::sync_names() {
  Guard guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return usable;
  const Turn turn(*this, guard);
  if (Result<void> usable = refuse_closed(); !usable) return usable;
  Doubt doubt(*this, guard, "sync directory");
  guard.unlock();
  const safeatomic::Result<void> synced = directory()->sync();
  guard.lock();
  doubt.resolve();
  if (synced) return {};
  return poison(synced.error(), "sync directory");
}

// From here on, whoever misses the name finds the file.
Result<void> LogCore::keep_sealed(SegmentFile& segment, const std::shared_ptr<safeatomic::File>& old) {
  const Locked guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  if (segments_->keep(segment, old)) return {};
  return std::unexpected(Error{.code = Errc::not_found,
                               .action = "change segment",
                               .path = segment::path(directory()->path(), segment.id),
                               .segment = segment.id,
                               .detail = "it is not one of the sealed segments"});
}

Result<void> LogCore::replace_sealed(SegmentFile& from, const std::shared_ptr<safeatomic::File>& old, SegmentFile& to,
                                     safeatomic::TemporaryFile& rewritten) {
  if (Result<void> kept = keep_sealed(from, old); !kept) return kept;
  if (safeatomic::Result<void> named = rewritten.publish_over(segment::filename(from.id)); !named) {
    segments_->keeps_its_name(from);
    return io_failure(named, "replace segment");
  }
  {
    const Locked guard(mutex_);
    segments_->unname(from, &to);
  }
  return sync_names();
}

Result<void> LogCore::remove_sealed(SegmentFile& segment, const std::shared_ptr<safeatomic::File>& old) {
  if (Result<void> kept = keep_sealed(segment, old); !kept) return kept;
  const safeatomic::Result<void> removed = directory()->unlink(segment::filename(segment.id));
  if (!removed && removed.error().code != safeatomic::Errc::not_found) {
    segments_->keeps_its_name(segment);
    return io_failure(removed, "remove segment");
  }
  {
    const Locked guard(mutex_);
    segments_->unname(segment, nullptr);
  }
  return sync_names();
}

}  // namespace datawal::log
