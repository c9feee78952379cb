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
#include "kv/space_table.hpp"

namespace datawal::kv {

void SpaceTable::sort_in_log_order(std::vector<std::uint64_t>& positions) const {
  radix_sort(std::span(positions), [](std::uint64_t position) { return position; });
  struct Run {
    const SpaceSegment* segment;
    std::size_t begin, end;
  };
  std::vector<Run> runs;
  for (std::size_t i = 0; i < positions.size();) {
    const SpaceSegment& segment = find(positions[i]);
    const std::uint64_t behind = segment.base + std::max<std::uint64_t>(segment.reserved, segment.end.load());
    const auto next = std::ranges::lower_bound(std::span(positions).subspan(i), behind);
    const std::size_t end = static_cast<std::size_t>(next - std::span(positions).subspan(i).begin()) + i;
    runs.push_back({&segment, i, end});
    i = end;
  }
  const auto before = [](const Run& a, const Run& b) {
    if (a.segment->id != b.segment->id) return a.segment->id < b.segment->id;
    return a.segment->generation > b.segment->generation;
  };
  if (std::ranges::is_sorted(runs, before)) return;
  std::ranges::sort(runs, before);
  std::vector<std::uint64_t> sorted;
  sorted.reserve(positions.size());
  for (const Run& run : runs) {
    sorted.insert(sorted.end(), positions.begin() + static_cast<std::ptrdiff_t>(run.begin),
                  positions.begin() + static_cast<std::ptrdiff_t>(run.end));
  }
  positions = std::move(sorted);
}

std::vector<std::uint64_t> Projection::live_positions() const {
  std::vector<std::uint64_t> positions;
  positions.reserve(directory_.size());
  directory_.for_each([&](std::uint64_t position) { positions.push_back(position); });
  if (!positions.empty()) space_.table()->sort_in_log_order(positions);
  return positions;
}

}  // namespace datawal::kv
