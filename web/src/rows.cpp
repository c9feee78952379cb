#include "rows.hpp"

#include <algorithm>

namespace datawal::page {

namespace {

constexpr std::uint32_t len_bits = 27;
constexpr std::uint32_t len_mask = (1U << len_bits) - 1;
constexpr std::uint32_t state_shift = len_bits + 2;
static_assert(format::max_frame_len <= len_mask);

constexpr std::uint32_t with_state(std::uint32_t packed, RecordState state) noexcept {
  return (packed & ((1U << state_shift) - 1)) | static_cast<std::uint32_t>(state) << state_shift;
}

}  // namespace

void Rows::clear() {
  blocks_.clear();
  superseded_.clear();
  firsts_.clear();
  size_ = 0;
}

void Rows::add(const SurveyedRecord& seen) {
  const RecordRef& ref = seen.record.ref;
  const std::size_t at = size_ % RowBlock::rows;
  if (at == 0) blocks_.push_back(std::make_unique_for_overwrite<RowBlock>());
  if (firsts_.empty() || firsts_.back().segment != ref.segment) firsts_.push_back({ref.segment, size_});
  RowBlock& block = *blocks_.back();
  block.offset[at] = static_cast<double>(ref.offset);
  block.txid[at] = ref.txid;
  block.packed[at] = with_state(ref.len | static_cast<std::uint32_t>(seen.record.type) << len_bits, seen.state);
  ++size_;
}

void Rows::supersede(const SupersededRecord& old) {
  if (superseded_.empty()) superseded_.reserve(settled_at_once);
  superseded_.push_back({.segment = old.segment, .offset = old.offset});
  if (superseded_.size() == settled_at_once) settle();
}

void Rows::settle() {
  std::ranges::sort(superseded_);
  auto first = firsts_.begin();
  std::size_t low = 0;
  for (const Place& place : superseded_) {
    if (first == firsts_.end() || first->segment != place.segment) {
      first = std::ranges::lower_bound(first, firsts_.end(), place.segment, {}, &First::segment);
      if (first == firsts_.end() || first->segment != place.segment) continue;
      low = first->row;
    }
    const std::size_t high = first + 1 == firsts_.end() ? size_ : (first + 1)->row;
    low = row_at(static_cast<double>(place.offset), low, high);
    std::uint32_t& packed = blocks_[low / RowBlock::rows]->packed[low % RowBlock::rows];
    packed = with_state(packed, RecordState::dead);
  }
  superseded_.clear();
}

// The last of the rows [low, high) that begins at or before `offset`, as the first one does: a few steps on.
std::size_t Rows::row_at(double offset, std::size_t low, std::size_t high) const noexcept {
  std::size_t step = 1;
  for (; high - low > step && offset_of(low + step) <= offset; step *= 2) low += step;
  high = std::min(high, low + step);
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (offset_of(middle) <= offset ? low : high) = middle;
  }
  return low;
}

Rows::Row Rows::operator[](std::size_t n) const noexcept {
  const RowBlock& block = *blocks_[n / RowBlock::rows];
  const std::size_t at = n % RowBlock::rows;
  const std::uint32_t packed = block.packed[at];
  const auto behind = std::ranges::upper_bound(firsts_, n, {}, &First::row);
  return {.segment = (behind - 1)->segment,
          .offset = static_cast<std::uint64_t>(block.offset[at]),
          .txid = block.txid[at],
          .len = packed & len_mask,
          .type = static_cast<RecordType>(packed >> len_bits & 3U),
          .state = static_cast<RecordState>(packed >> state_shift)};
}

}  // namespace datawal::page
