#include "cli/page/summary.hpp"

#include <algorithm>
#include <utility>

namespace datawal::cli {

namespace {

std::size_t index_of(RecordState state) noexcept { return static_cast<std::size_t>(state); }

}  // namespace

std::string_view prefix_of(std::string_view key) noexcept {
  constexpr std::size_t longest = 64;
  const std::size_t end = key.substr(0, longest).find_first_of(":/.|#");
  return end == std::string_view::npos ? std::string_view() : key.substr(0, end + 1);
}

void Summary::add(const SurveyedSegment& segment) {
  segments_.push_back({.segment = segment});
  if (limits_.columns == 0) return;
  const double share = total_bytes_ == 0 ? 1 : static_cast<double>(segment.bytes) / static_cast<double>(total_bytes_);
  const auto columns = static_cast<std::size_t>(share * static_cast<double>(limits_.columns));
  segments_.back().columns.resize(std::clamp<std::size_t>(columns, 1, limits_.columns));
}

void Summary::colour(std::uint32_t segment, std::uint64_t begin, std::uint64_t len, RecordState state, bool is_added) {
  if (limits_.columns == 0) return;
  const auto found = std::ranges::lower_bound(segments_, segment, {},
                                              [](const SegmentSummary& one) { return one.segment.id; });
  if (found == segments_.end() || found->columns.empty()) return;
  std::vector<Column>& columns = found->columns;
  const std::uint64_t width = std::max<std::uint64_t>((found->segment.bytes + columns.size() - 1) / columns.size(), 1);
  for (std::uint64_t at = begin; at < begin + len;) {
    const std::size_t column = std::min<std::size_t>(at / width, columns.size() - 1);
    const bool is_last = column + 1 == columns.size();
    const std::uint64_t end = is_last ? begin + len : std::min(begin + len, (column + 1) * width);
    std::uint64_t& bytes = columns[column][index_of(state)];
    bytes = is_added ? bytes + (end - at) : bytes - (end - at);
    at = end;
  }
}

PrefixSummary& Summary::prefix(std::string_view key) {
  const std::string_view common = prefix_of(key);
  if (const auto found = prefixes_.find(common); found != prefixes_.end()) return found->second;
  if (prefixes_.size() >= limits_.prefixes) return other_prefixes_;
  return prefixes_[std::string(common)];
}

void Summary::add(const SurveyedRecord& seen) {
  const RecordRef& ref = seen.record.ref;
  colour(ref.segment, ref.offset, ref.len, seen.state, true);
  const auto power = static_cast<std::size_t>(std::bit_width(ref.len) - 1);
  if (power >= sizes_.size()) sizes_.resize(power + 1);
  ++sizes_[power][index_of(seen.state)];
  if (seen.state == RecordState::behind_damage) return;
  now_.so_far.bytes += ref.len;
  if (seen.state == RecordState::raw || seen.state == RecordState::live) now_.so_far.live_bytes += ref.len;
  note_growth(ref);
  if (seen.state == RecordState::raw) return;
  PrefixSummary& alike = prefix(seen.record.key);
  ++alike.records;
  alike.bytes += ref.len;
  if (seen.state != RecordState::live) return;
  ++alike.live_records;
  alike.live_bytes += ref.len;
}

void Summary::supersede(const SupersededRecord& old) {
  colour(old.segment, old.offset, old.len, RecordState::live, false);
  colour(old.segment, old.offset, old.len, RecordState::dead, true);
  ByState<std::uint64_t>& size = sizes_[static_cast<std::size_t>(std::bit_width(old.len) - 1)];
  --size[index_of(RecordState::live)];
  ++size[index_of(RecordState::dead)];
  const auto by = std::pair(old.by_segment, old.by_offset);
  const auto step = std::ranges::lower_bound(growth_, by, {}, &Step::last);
  if (step != growth_.end()) step->superseded += old.len;
  PrefixSummary& alike = prefix(old.key);
  --alike.live_records;
  alike.live_bytes -= old.len;
}

void Summary::add(const Stretch& stretch) {
  if (stretches_.size() < limits_.stretches) {
    stretches_.push_back(stretch);
  } else {
    ++stretches_left_out_;
  }
}

// As many points as there is room for, evenly over the records.
void Summary::note_growth(const RecordRef& ref) {
  now_.so_far.txid = ref.txid;
  now_.last = {ref.segment, ref.offset};
  if (records_++ % stride_ == 0) {
    growth_.push_back(now_);
  } else {
    now_.superseded = std::exchange(growth_.back().superseded, 0);
    growth_.back() = now_;  // always as far as it has got
    now_.superseded = 0;
  }
  if (growth_.size() < limits_.points) return;
  for (std::size_t i = 0; 2 * i + 1 < growth_.size(); ++i) {
    const std::uint64_t before = growth_[2 * i].superseded;
    growth_[i] = growth_[2 * i + 1];
    growth_[i].superseded += before;
  }
  growth_.resize(growth_.size() / 2);
  stride_ *= 2;
}

std::vector<GrowthPoint> Summary::growth() const {
  std::vector<GrowthPoint> points;
  std::uint64_t superseded = 0;
  for (const Step& step : growth_) {
    superseded += step.superseded;
    points.push_back(step.so_far);
    points.back().live_bytes -= superseded;
  }
  return points;
}

std::vector<std::pair<std::string, PrefixSummary>> Summary::prefixes(PrefixSummary& rest) const {
  std::vector<std::pair<std::string, PrefixSummary>> sorted(prefixes_.begin(), prefixes_.end());
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return std::pair(b.second.bytes, std::string_view(a.first)) < std::pair(a.second.bytes, std::string_view(b.first));
  });
  rest = other_prefixes_;
  while (sorted.size() > limits_.prefixes_shown) {
    const PrefixSummary& small = sorted.back().second;
    rest.records += small.records;
    rest.bytes += small.bytes;
    rest.live_records += small.live_records;
    rest.live_bytes += small.live_bytes;
    sorted.pop_back();
  }
  return sorted;
}

SurveyVisitor counting_into(Summary& summary) {
  return {.on_segment = [&summary](const SurveyedSegment& segment) { summary.add(segment); },
          .on_record =
              [&summary](const SurveyedRecord& seen) {
                summary.add(seen);
                return true;
              },
          .on_superseded = [&summary](const SupersededRecord& old) { summary.supersede(old); },
          .on_stretch = [&summary](const Stretch& stretch) { summary.add(stretch); },
          .on_missing = [&summary](const MissingSegments& ids) { summary.add(ids); }};
}

}  // namespace datawal::cli
