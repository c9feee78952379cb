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
  block.txid[at] = static_cast<double>(ref.txid);
  block.packed[at] = with_state(ref.len | static_cast<std::uint32_t>(seen.record.type) << len_bits, seen.state);
  ++size_;
}

void Rows::supersede(const SupersededRecord& old) {
  const auto first = std::ranges::lower_bound(firsts_, old.segment, {}, &First::segment);
  if (first == firsts_.end() || first->segment != old.segment) return;
  std::size_t low = first->row;
  std::size_t high = first + 1 == firsts_.end() ? size_ : (first + 1)->row;
  const auto wanted = static_cast<double>(old.offset);
  // Records are of like lengths: a guess from the offset is near, and then the doubling of steps around it finds both ends. A search by
  // halves over all rows would miss the cache twenty times.
  const double last = offset_of(high - 1);
  const double share = last > 0 ? std::min(wanted / last, 1.0) : 0;
  const std::size_t guess = low + static_cast<std::size_t>(share * static_cast<double>(high - 1 - low));
  std::size_t step = 16;
  if (offset_of(guess) <= wanted) {
    for (low = guess; high - guess > step && offset_of(guess + step) <= wanted; step *= 4) low = guess + step;
    high = std::min(high, guess + step + 1);
  } else {
    for (high = guess; guess - low > step && offset_of(guess - step) > wanted; step *= 4) high = guess - step;
    low = guess - low > step ? guess - step : low;
  }
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (offset_of(middle) <= wanted ? low : high) = middle;
  }
  std::uint32_t& packed = blocks_[low / RowBlock::rows]->packed[low % RowBlock::rows];
  packed = with_state(packed, RecordState::dead);
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
