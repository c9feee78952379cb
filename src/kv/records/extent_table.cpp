#include "kv/records/extent_table.hpp"

#include <algorithm>

namespace datawal::kv {

ExtentTable::~ExtentTable() {
  for (std::atomic<Extent*>& block : blocks_) delete[] block.load(std::memory_order_relaxed);
}

std::uint32_t ExtentTable::take(SegmentFile& segment, std::uint32_t part) {
  const Locked guard(mutex_);
  std::uint32_t number = free_head_;
  if (number != 0) {
    free_head_ = at(number).part.load(std::memory_order_relaxed);
  } else {
    if (fresh_ == limit) return 0;
    std::atomic<Extent*>& block = blocks_[static_cast<std::size_t>(std::bit_width(fresh_))];
    if (block.load(std::memory_order_relaxed) == nullptr) {
      block.store(new Extent[std::bit_floor(fresh_)], std::memory_order_release);
    }
    number = fresh_++;
  }
  Extent& extent = at(number);
  extent.part.store(part, std::memory_order_relaxed);
  extent.segment.store(&segment, std::memory_order_release);
  return number;
}

void ExtentTable::give_back(std::uint32_t number) noexcept {
  const Locked guard(mutex_);
  Extent& extent = at(number);
  extent.segment.store(nullptr, std::memory_order_relaxed);
  extent.part.store(free_head_, std::memory_order_relaxed);
  free_head_ = number;
}

bool Extents::grow(std::uint64_t end) {
  if (end > std::uint64_t{ExtentTable::limit} << ExtentTable::offset_bits) return false;
  const auto parts = static_cast<std::size_t>((end + ExtentTable::offset_mask) >> ExtentTable::offset_bits);
  if (parts > numbers_.capacity()) numbers_.reserve(std::max(parts, 2 * numbers_.capacity()));
  while (numbers_.size() < parts) {
    const std::uint32_t number = table_.take(segment_, static_cast<std::uint32_t>(numbers_.size()));
    if (number == 0) return false;
    numbers_.push_back(number);
  }
  return true;
}

void Extents::trim(std::uint64_t end) noexcept {
  const std::uint64_t parts = (end + ExtentTable::offset_mask) >> ExtentTable::offset_bits;
  while (numbers_.size() > parts) {
    table_.give_back(numbers_.back());
    numbers_.pop_back();
  }
}

}  // namespace datawal::kv
