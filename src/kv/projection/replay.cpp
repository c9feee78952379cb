#include "kv/projection/replay.hpp"

#include <limits>
#include <thread>
#include <utility>

namespace datawal::kv {

namespace {

// A thread costs some 50 µs, as much as folding one batch. A hundred batches are some 50,000 records.
constexpr std::uint64_t batches_alone = 100;
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

std::uint64_t batches_before_second_thread(unsigned threads) noexcept {
  if (threads == 0) return std::thread::hardware_concurrency() > 1 ? batches_alone : never;
  return threads == 1 ? never : 0;
}

}  // namespace

Replay::Replay(Projection& projection, unsigned threads, std::uint32_t unmapped_id)
    : projection_(projection),
      unmapped_id_(unmapped_id),
      batches_before_second_thread_(batches_before_second_thread(threads)) {
  if (batches_before_second_thread_ == 0) start_second_thread();
}

void Replay::start_second_thread() {
  batches_before_second_thread_ = never;
  Result<std::unique_ptr<FoldPipeline>> pipeline = FoldPipeline::start(projection_);
  if (!pipeline) return;  // it takes longer, that is all
  pipeline_ = std::move(*pipeline);
  batch_ = &pipeline_->next();
}

log::RecoveryVisitor Replay::visitor() {
  return {.on_segment = [this](log::SegmentFile& segment, safeatomic::File& file) { enter(segment, file); },
          .on_records = [this](std::span<const RecordView> records) { take(records); },
          .on_end = [this] { return finish(); }};
}

log::LogScanner::EnterCallback Replay::on_enter() {
  return [this](const log::PinnedSegment& segment, safeatomic::File& file) -> Result<void> {
    enter(projection_.address_space().registry()->add(segment), file);
    return {};
  };
}

void Replay::enter(log::SegmentFile& segment, safeatomic::File& file) {
  if (!batch_->is_empty()) hand_over();  // a batch is of one segment
  projection_.address_space().added(segment, file, segment.id != unmapped_id_);
}

void Replay::take(std::span<const RecordView> records) {
  AddressSpace& space = projection_.address_space();
  for (const RecordView& record : records) {
    Result<void> covered = error_ ? Result<void>() : space.cover_last(record.ref.offset + record.ref.len);
    if (!covered) error_ = std::move(covered.error());
    if (error_) return;
    batch_->begin(space.last());
    const std::uint64_t hash = record.type == RecordType::Raw ? 0 : projection_.hash_of(record.key);
    batch_->add(record, hash, space.address_in_last(record.ref.offset));
    if (batch_->is_full()) hand_over();
  }
}

void Replay::hand_over() {
  if (pipeline_) {
    pipeline_->submit();
    batch_ = &pipeline_->next();
    return;
  }
  projection_.fold(*batch_);
  batch_->clear();
  if (--batches_before_second_thread_ == 0) start_second_thread();
}

Result<void> Replay::finish() {
  if (!batch_->is_empty()) hand_over();
  if (pipeline_) pipeline_->finish();
  if (error_) return std::unexpected(std::move(*error_));
  return projection_.finish_fold();
}

}  // namespace datawal::kv
