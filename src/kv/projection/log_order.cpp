#include "kv/projection/log_order.hpp"

#include <cstddef>
#include <span>

#include "base/radix_sort.hpp"

namespace datawal::kv {

LogOrder::LogOrder(const SpaceSegments& segments) {
  for (const auto& [key, segment] : segments) {
    for (const std::uint32_t number : segment->extents.numbers()) add(number);
  }
}

void LogOrder::add(std::uint32_t number) {
  if (!numbers_.empty() && number < numbers_.back()) is_natural_ = false;
  if (number >= places_.size()) places_.resize(std::size_t{number} + 1);
  places_[number] = static_cast<std::uint32_t>(numbers_.size());
  numbers_.push_back(number);
}

std::uint64_t LogOrder::exchanged(const std::vector<std::uint32_t>& by, std::uint64_t position) noexcept {
  const std::uint64_t extent = position >> ExtentTable::offset_bits;
  if (extent >= by.size()) return position;  // leads nowhere, as reading it will tell
  return std::uint64_t{by[extent]} << ExtentTable::offset_bits | (position & ExtentTable::offset_mask);
}

void LogOrder::sort(std::vector<std::uint64_t>& positions) const {
  if (positions.empty()) return;
  const auto itself = [](std::uint64_t number) { return number; };
  if (is_natural_) return radix_sort(std::span(positions), itself);
  for (std::uint64_t& position : positions) position = exchanged(places_, position);
  radix_sort(std::span(positions), itself);
  for (std::uint64_t& position : positions) position = exchanged(numbers_, position);
}

}  // namespace datawal::kv
