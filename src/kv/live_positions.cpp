// Projection::live_positions: all that live, in the order of the log.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "kv/projection.hpp"
#include "kv/radix_sort.hpp"

namespace datawal::kv {

namespace {

// Extents in the order of the log, and the other way round. A position in which the extent is replaced by its place in that
// order is a number that ascends along the log.
class LogOrder {
 public:
  explicit LogOrder(const SpaceSegments& segments) {
    for (const auto& [key, segment] : segments) {
      for (const std::uint32_t number : segment->extents.numbers()) add(number);
    }
  }

  /// The numbers themselves ascend along the log.
  [[nodiscard]] bool is_natural() const noexcept { return is_natural_; }

  [[nodiscard]] std::uint64_t place_of(std::uint64_t position) const noexcept { return exchanged(places_, position); }
  [[nodiscard]] std::uint64_t position_of(std::uint64_t place) const noexcept { return exchanged(numbers_, place); }

 private:
  void add(std::uint32_t number) {
    if (!numbers_.empty() && number < numbers_.back()) is_natural_ = false;
    if (number >= places_.size()) places_.resize(std::size_t{number} + 1);
    places_[number] = static_cast<std::uint32_t>(numbers_.size());
    numbers_.push_back(number);
  }

  static std::uint64_t exchanged(const std::vector<std::uint32_t>& by, std::uint64_t position) noexcept {
    const std::uint64_t extent = position >> ExtentTable::offset_bits;
    if (extent >= by.size()) return position;  // leads nowhere, as reading it will tell
    return std::uint64_t{by[extent]} << ExtentTable::offset_bits | (position & ExtentTable::offset_mask);
  }

  std::vector<std::uint32_t> numbers_;
  std::vector<std::uint32_t> places_;  // by number
  bool is_natural_ = true;
};

}  // namespace

void RecordSpace::sort_in_log_order(std::vector<std::uint64_t>& positions) const {
  const auto itself = [](std::uint64_t number) { return number; };
  const LogOrder order(segments_);
  if (order.is_natural()) return radix_sort(std::span(positions), itself);
  for (std::uint64_t& position : positions) position = order.place_of(position);
  radix_sort(std::span(positions), itself);
  for (std::uint64_t& position : positions) position = order.position_of(position);
}

std::vector<std::uint64_t> Projection::live_positions() const {
  std::vector<std::uint64_t> positions;
  positions.reserve(directory_.size());
  directory_.for_each([&](std::uint64_t position) { positions.push_back(position); });
  if (!positions.empty()) space_.sort_in_log_order(positions);
  return positions;
}

}  // namespace datawal::kv
