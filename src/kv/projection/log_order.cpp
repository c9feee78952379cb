#include "kv/projection/log_order.hpp"

#include <cstddef>
#include <span>

#include "base/radix_sort.hpp"

namespace datawal::kv {

LogOrder::LogOrder(const AddressSpace& space) {
  space.for_each_file([this](const SegmentFile& file) {
    for (const std::uint32_t number : file.extents.numbers()) add(number);
  });
}

void LogOrder::add(std::uint32_t number) {
  if (!numbers_.empty() && number < numbers_.back()) is_natural_ = false;
  if (number >= places_.size()) places_.resize(std::size_t{number} + 1);
  places_[number] = static_cast<std::uint32_t>(numbers_.size());
  numbers_.push_back(number);
}

std::uint64_t LogOrder::exchanged(const std::vector<std::uint32_t>& by, std::uint64_t address) noexcept {
  const std::uint64_t extent = address >> ExtentTable::offset_bits;
  if (extent >= by.size()) return address;  // leads nowhere, as reading it will tell
  return std::uint64_t{by[extent]} << ExtentTable::offset_bits | (address & ExtentTable::offset_mask);
}

void LogOrder::sort(std::vector<std::uint64_t>& addresses) const {
  if (addresses.empty()) return;
  const auto itself = [](std::uint64_t number) { return number; };
  if (is_natural_) return radix_sort(std::span(addresses), itself);
  for (std::uint64_t& address : addresses) address = exchanged(places_, address);
  radix_sort(std::span(addresses), itself);
  for (std::uint64_t& address : addresses) address = exchanged(numbers_, address);
}

}  // namespace datawal::kv
