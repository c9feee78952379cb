// Projection::fold: what opening a store does with each record.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "kv/projection/projection.hpp"
#include "kv/projection/projection_parts.hpp"

namespace datawal::kv {

namespace {

// Where many records replace others, so many ahead have their predecessors fetched.
constexpr std::size_t looked_up_ahead = 12;
constexpr std::uint64_t worth_looking_up = 16;  // one in so many

}  // namespace

void Projection::fold(const FoldBatch& batch) {
  const std::span<const FoldBatch::Item> items = batch.items();
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < std::min(fetched_ahead, items.size()); ++i) directory_.prefetch_for_change(items[i].hash);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + fetched_ahead < items.size()) directory_.prefetch_for_change(items[i + fetched_ahead].hash);
    if (expects_live_ && i + looked_up_ahead < items.size()) prefetch_live(items[i + looked_up_ahead].hash);
    if (fold(*batch.segment(), items[i], batch.key(items[i]))) ++replaced;
  }
  if (batch.segment() != nullptr) {
    address_space_.count(*batch.segment(), batch.counts());
    batch.segment()->chain.add(batch.chain());
  }
  expects_live_ = replaced * worth_looking_up > items.size();
}

// Whether it replaces or erases a record.
bool Projection::fold(SegmentFile& segment, const FoldBatch::Item& item, std::string_view key) {
  Change prepared{.hash = item.hash};
  Result<bool> found = locate(key, item.hash, fold_buffer_, [&](const LocatedRecord& located, std::uint64_t address) {
    prepared.live = address;
    prepared.live_len = located.ref.len;
    prepared.live_segment = located.segment;
  });
  if (!found) {
    if (!fold_error_) fold_error_ = std::move(found.error());
    return false;  // the page it belongs to may not be there
  }
  change(segment, prepared, item.type, item.address, item.len);
  if (on_superseded_ && prepared.live) [[unlikely]] {
    on_superseded_({.segment = prepared.live_segment->id,
                    .offset = address_space_.offset_of(*prepared.live),
                    .len = prepared.live_len,
                    .by_segment = segment.id,
                    .by_offset = address_space_.offset_of(item.address),
                    .key = key});
  }
  return prepared.live.has_value();
}

// Starts fetching the record that a change of this hash will replace.
void Projection::prefetch_live(std::uint64_t hash) const noexcept {
  const Candidates candidates = directory_.find(hash);
  for (const std::uint64_t address : candidates.addresses()) address_space_.prefetch(address);
}

Result<void> Projection::finish_fold() {
  fold_buffer_ = {};
  if (fold_error_) return std::unexpected(std::move(*std::exchange(fold_error_, std::nullopt)));
  return {};
}

}  // namespace datawal::kv
