#include "kv/saved_index/index_opening.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "kv/index/key_hash.hpp"
#include "kv/saved_index/index_file.hpp"
#include "kv/saved_index/restore.hpp"
#include "log/directory/store_directory.hpp"
#include "log/saved/belief.hpp"

namespace datawal::kv {

namespace {

// Bytes in [begin, the end) of a segment that may be records: what was only reserved is a hole.
std::uint64_t written_behind(const log::Snapshot& snapshot, const log::PinnedSegment& segment, std::uint64_t begin) {
  const std::uint64_t size = segment.info.size;
  if (&segment != &snapshot.segments.back()) return size - begin;
  const Result<std::shared_ptr<safeatomic::File>> file = log::open_pinned(snapshot, segment);
  if (!file) return size - begin;
  std::uint64_t bytes = 0;
  for (std::uint64_t at = begin; at < size;) {
    const safeatomic::Result<std::optional<safeatomic::DataRange>> data = (*file)->next_data(at);
    if (!data) return size - begin;
    if (!*data) break;
    at = std::min((*data)->end, size);
    bytes += at - std::min(std::max((*data)->begin, begin), at);
  }
  return bytes;
}

}  // namespace

IndexOpening::IndexOpening(std::shared_ptr<log::SegmentRegistry> segments, const IndexUse& use)
    : segments_(std::move(segments)), use_(use) {
  start_over(process_hash_seed());
}

// With a projection of nothing.
void IndexOpening::start_over(std::uint64_t seed) {
  used_ = {};
  replay_.reset();
  projection_.reset();  // with its segments, before the next one takes the registry
  projection_ = std::make_shared<Projection>(segments_, use_.read_path, seed, use_.memory_limit);
  replay_ = std::make_unique<Replay>(*projection_, use_.threads, use_.unmapped_id);
  replaying_ = replay_->visitor();
}

void IndexOpening::doubt(IndexState state, std::string reason) {
  start_over(process_hash_seed());
  state_ = state;
  reason_ = std::move(reason);
}

std::optional<log::Before> IndexOpening::begin(const log::Snapshot& snapshot) {
  if (!use_.is_used) return std::nullopt;
  try {
    return believe(snapshot);
  } catch (const std::bad_alloc&) {
    doubt(IndexState::stale, "there was no memory for it");
    return std::nullopt;
  }
}

std::optional<log::Before> IndexOpening::believe(const log::Snapshot& snapshot) {
  IndexLook look = read_index(snapshot);
  state_ = look.state;
  reason_ = std::move(look.reason);
  if (!look.index) return std::nullopt;
  std::optional<std::string> refused = log::reason_for_doubt(*look.index, snapshot);
  if (!refused) {
    const log::Before before = log::before_saved(*look.index);
    start_over(look.index->header.hash_seed);
    refused = restore(std::move(*look.index), snapshot, *projection_,
                      {.damage = use_.damage, .unmapped_id = use_.unmapped_id});
    if (!refused) {
      if (Result<void> loaded = load_for_tail(before.last, snapshot); !loaded) {
        doubt(IndexState::damaged, loaded.error().message());
        return std::nullopt;
      }
      used_ = {.txid = before.last.txid,
               .bytes = projection_->counts().bytes,
               .segment = before.last.segment,
               .inode = segments_->last_info().inode};
      return before;
    }
  }
  doubt(IndexState::stale, std::move(*refused));
  return std::nullopt;
}

// Where most pages will be needed, they are read one behind the other, and not one by one.
Result<void> IndexOpening::load_for_tail(const RecordRef& last, const log::Snapshot& snapshot) {
  constexpr std::uint64_t tail_bytes_per_page = 64;
  std::uint64_t bytes = 0;
  for (const log::PinnedSegment& segment : snapshot.segments) {
    if (segment.id >= last.segment) {
      bytes += written_behind(snapshot, segment, segment.id == last.segment ? last.offset + last.len : 0);
    }
  }
  if (bytes / tail_bytes_per_page < projection_->directory().pages()) return {};
  return projection_->load_all();
}

log::RecoveryVisitor IndexOpening::visitor() {
  return {
      .on_begin = [this](const log::Snapshot& snapshot) { return begin(snapshot); },
      .on_restart =
          [this](const Error& error) {
            const bool is_index = error.path.filename() == log::index_name;
            doubt(is_index ? IndexState::damaged : IndexState::stale, error.message());
          },
      .on_segment = [this](log::SegmentFile& segment, safeatomic::File& file) { replaying_.on_segment(segment, file); },
      .on_records = [this](std::span<const RecordView> records) { replaying_.on_records(records); },
      .on_end = [this] { return replaying_.on_end(); },
      .on_report =
          [this](RecoveryReport& report) {
            // Recovery makes another file of an active segment that has several names: the next open would not believe the index.
            const bool holds_p = used_.txid != 0 && segments_->last_id() == used_.segment;
            if (holds_p && segments_->last_info().inode != used_.inode) used_ = {};
            report.index_state = state_;
            report.index_reason = reason_;
          }};
}

}  // namespace datawal::kv
