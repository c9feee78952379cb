// LogCore: sealed segments.

#include <memory>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/hold_gate.hpp"
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
Result<void> LogCore::keep_sealed(const Leaving& from) {
  const Locked guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  const SegmentFile& segment = from.segment;
  if (segments_->keep(from.segment, from.file)) return {};
  return std::unexpected(Error{.code = Errc::not_found,
                               .action = "change segment",
                               .path = segment::path(directory()->path(), segment.id),
                               .segment = segment.id,
                               .detail = "it is not one of the sealed segments"});
}

// Until the name has gone for good, no hold that is set meanwhile counts: the gate is passed first, and left last.
Result<Departure> LogCore::replace_sealed(const Leaving& from, SegmentFile& to, safeatomic::TemporaryFile& rewritten) {
  const Result<HoldGate> gate = HoldGate::pass(*directory(), from.segment.id, *from.file, from.last_txid);
  if (!gate) return propagate(gate);
  if (gate->verdict() != Departure::gone) return gate->verdict();
  if (Result<void> kept = keep_sealed(from); !kept) return propagate(kept);
  if (safeatomic::Result<void> named = rewritten.publish_over(segment::filename(from.segment.id)); !named) {
    segments_->keeps_its_name(from.segment);
    return io_failure(named, "replace segment");
  }
  {
    const Locked guard(mutex_);
    segments_->unname(from.segment, &to);
  }
  if (Result<void> synced = sync_names(); !synced) return propagate(synced);
  return Departure::gone;
}

Result<Departure> LogCore::remove_sealed(const Leaving& from) {
  const Result<HoldGate> gate = HoldGate::pass(*directory(), from.segment.id, *from.file, from.last_txid);
  if (!gate) return propagate(gate);
  if (gate->verdict() != Departure::gone) return gate->verdict();
  if (Result<void> kept = keep_sealed(from); !kept) return propagate(kept);
  const safeatomic::Result<void> removed = directory()->unlink(segment::filename(from.segment.id));
  if (!removed && removed.error().code != safeatomic::Errc::not_found) {
    segments_->keeps_its_name(from.segment);
    return io_failure(removed, "remove segment");
  }
  {
    const Locked guard(mutex_);
    segments_->unname(from.segment, nullptr);
    if (state_) state_->forget(from.segment.id);
  }
  if (Result<void> synced = sync_names(); !synced) return propagate(synced);
  return Departure::gone;
}

}  // namespace datawal::log
