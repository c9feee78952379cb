#include "log/recovery/state_opening.hpp"

#include <new>
#include <span>
#include <utility>

#include "log/saved/belief.hpp"

namespace datawal::log {

StateOpening::StateOpening(std::shared_ptr<SegmentRegistry> segments, const OpenOptions& options)
    : segments_(std::move(segments)), options_(options.state), reads_all_(options.verification == Verification::full) {
  if (options_.is_enabled) known_ = std::make_unique<LogState>(options_);
}

void StateOpening::start_over(IndexState state, std::string reason) {
  segments_->detach();
  known_ = std::make_unique<LogState>(options_);
  state_ = state;
  reason_ = std::move(reason);
}

std::optional<Before> StateOpening::begin(const Snapshot& snapshot) {
  if (reads_all_) return std::nullopt;
  try {
    StateLook look = look_at_state(snapshot);
    state_ = look.state;
    reason_ = std::move(look.reason);
    if (!look.log) return std::nullopt;
    for (std::size_t n = 0; n < look.log->segments.size(); ++n) segments_->add(snapshot.segments[n]);
    known_->goes_on_behind(*look.log, snapshot.segments[look.log->segments.size() - 1].info);
    return before_saved(*look.log);
  } catch (const std::bad_alloc&) {
    start_over(IndexState::stale, "there was no memory for it");
    return std::nullopt;
  }
}

RecoveryVisitor StateOpening::visitor() {
  if (!known_) return {};
  return {
      .on_begin = [this](const Snapshot& snapshot) { return begin(snapshot); },
      .on_restart = [this](const Error& error) { start_over(IndexState::stale, error.message()); },
      .on_segment = [this](SegmentFile& segment, safeatomic::File&) { known_->enter(segment.id, segment.pinned.info); },
      .on_records =
          [this](std::span<const RecordView> records) {
            for (const RecordView& record : records) {
              known_->add(record.type, record.txid, record.ref.len, record.ref.crc);
            }
          },
      .on_report =
          [this](RecoveryReport& report) {
            report.index_state = state_;
            report.index_reason = reason_;
          }};
}

}  // namespace datawal::log
