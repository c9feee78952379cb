#include "log/write/sealed_segments.hpp"

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

Result<std::vector<PinnedSegment>> SealedSegments::list() const {
  if (!log_.process_.is_ours()) return std::unexpected(log_.closed_error());
  const Locked guard(log_.mutex_);
  if (Result<void> usable = log_.refuse_closed(); !usable) return propagate(usable);
  std::vector<PinnedSegment> segments;
  log_.segments_->add_sealed_to(segments);
  return segments;
}

// From here on, whoever misses the name finds the file.
Result<void> SealedSegments::keep(const LeavingSegment& from) {
  const Locked guard(log_.mutex_);
  if (Result<void> usable = log_.refuse_change(); !usable) return usable;
  const SegmentFile& segment = from.segment;
  if (log_.segments_->keep(from.segment, from.file)) return {};
  return std::unexpected(Error{.code = Errc::not_found,
                               .action = "change segment",
                               .path = segment::path(directory()->path(), segment.id),
                               .segment = segment.id,
                               .detail = "it is not one of the sealed segments"});
}

// Until the name has gone for good, no hold that is set meanwhile counts: the gate is passed first, and left last.
Result<Departure> SealedSegments::replace(const LeavingSegment& from, SegmentFile& to,
                                          safeatomic::TemporaryFile& rewritten) {
  const Result<HoldGate> gate = HoldGate::pass(*directory(), from.segment.id, *from.file, from.last_txid);
  if (!gate) return propagate(gate);
  if (gate->verdict() != Departure::gone) return gate->verdict();
  if (Result<void> kept = keep(from); !kept) return propagate(kept);
  if (safeatomic::Result<void> named = rewritten.publish_over(segment::filename(from.segment.id)); !named) {
    log_.segments_->keeps_its_name(from.segment);
    return io_failure(named, "replace segment");
  }
  {
    const Locked guard(log_.mutex_);
    log_.segments_->unname(from.segment, &to);
  }
  if (Result<void> synced = log_.sync_names(); !synced) return propagate(synced);
  return Departure::gone;
}

Result<Departure> SealedSegments::remove(const LeavingSegment& from) {
  const Result<HoldGate> gate = HoldGate::pass(*directory(), from.segment.id, *from.file, from.last_txid);
  if (!gate) return propagate(gate);
  if (gate->verdict() != Departure::gone) return gate->verdict();
  if (Result<void> kept = keep(from); !kept) return propagate(kept);
  const safeatomic::Result<void> removed = directory()->unlink(segment::filename(from.segment.id));
  if (!removed && removed.error().code != safeatomic::Errc::not_found) {
    log_.segments_->keeps_its_name(from.segment);
    return io_failure(removed, "remove segment");
  }
  {
    const Locked guard(log_.mutex_);
    log_.segments_->unname(from.segment, nullptr);
    if (log_.state_) log_.state_->forget(from.segment.id);
  }
  if (Result<void> synced = log_.sync_names(); !synced) return propagate(synced);
  return Departure::gone;
}

Result<void> SealedSegments::sync_log() { return log_.fsync(); }

std::uint64_t SealedSegments::last_txid() const noexcept { return log_.last_txid(); }

std::uint64_t SealedSegments::appended_bytes() const {
  LogStats stats;
  log_.count_writes(stats);
  return stats.appended_bytes;
}

const std::shared_ptr<safeatomic::Directory>& SealedSegments::directory() const noexcept { return log_.directory(); }

safeatomic::FileSystem& SealedSegments::file_system() const noexcept {
  return file_system_of(log_.options_.file_system);
}

std::uint32_t SealedSegments::file_mode() const noexcept { return log_.options_.file_mode; }

}  // namespace datawal::log
