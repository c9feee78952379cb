// LogCore: frames as they are, in the segments in which they were.

#include <string>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

Result<std::uint64_t> LogCore::append_frames(std::string_view frames, std::uint64_t last_txid) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  Guard guard(mutex_);
  std::optional<Turn> turn;
  if (!is_ready_for(frames.size())) [[unlikely]] {
    if (Result<void> prepared = prepare_append(guard, frames.size(), turn); !prepared) return propagate(prepared);
  }
  const Result<std::uint64_t> offset = writer_->append_frames(frames);
  if (!offset) return failed_append(offset.error());
  appended(last_txid);
  if (state_) state_->add(frames);
  return offset;
}

Result<void> LogCore::rotate_to(std::uint32_t id) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  std::shared_ptr<SegmentFile> left;
  {
    Guard guard(mutex_);
    if (Result<void> usable = refuse_change(); !usable) return usable;
    const Turn turn(*this, guard);
    if (Result<void> usable = refuse_change(); !usable) return usable;
    const std::uint32_t active = active_segment();
    if (id == active) return {};
    if (id < active) {
      return std::unexpected(Error{.code = Errc::invalid_argument,
                                   .action = "begin segment",
                                   .path = directory()->path(),
                                   .segment = id,
                                   .detail = "the log is at segment " + std::to_string(active) + " already"});
    }
    if (writer_->end() == 0) left = segments_->find(active);
    if (Result<void> begun = begin_in_turn(guard, id); !begun) return begun;
  }
  return left ? remove_empty(*left) : Result<void>();
}

Result<void> LogCore::remove_empty_sealed() {
  Result<std::vector<PinnedSegment>> all = sealed_segments_.list();
  if (!all) return propagate(all);
  for (const PinnedSegment& one : *all) {
    const std::shared_ptr<SegmentFile> segment = one.info.size == 0 ? segments_->find(one.id) : nullptr;
    if (!segment) continue;
    if (Result<void> removed = remove_empty(*segment); !removed) return removed;
  }
  return {};
}

Result<void> LogCore::remove_empty(SegmentFile& segment) {
  const Locked maintenance(sealed_segments_.maintenance_mutex());
  safeatomic::Result<std::unique_ptr<safeatomic::File>> file = directory()->open_file(segment::filename(segment.id),
                                                                                      {});
  if (!file) return io_failure(file, "remove segment");
  const Result<Departure> removed = sealed_segments_.remove(
      {.segment = segment, .file = std::move(*file), .last_txid = 0});
  segments_->erase(segment);
  if (!removed) return propagate(removed);
  return {};
}

}  // namespace datawal::log
