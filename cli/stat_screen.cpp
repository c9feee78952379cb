#include "cli/stat_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace datawal::cli {
namespace {

std::string size_of(std::uint64_t bytes) {
  constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, units[unit]);
}

// Letters tell the parts apart where there are no colours.
struct Part {
  char letter;
  std::string_view colour;
  std::uint64_t bytes;
};

std::string bar(std::span<const Part> parts, std::uint64_t whole, std::size_t width, bool has_colours) {
  std::string text;
  std::size_t drawn = 0;
  std::uint64_t before = 0;
  for (const Part& part : parts) {
    before += part.bytes;
    const auto end = whole == 0 ? std::size_t{0}
                                : static_cast<std::size_t>(static_cast<double>(before) / static_cast<double>(whole) *
                                                           static_cast<double>(width));
    const std::size_t count = std::min(end, width) - std::min(drawn, width);
    if (count == 0) continue;
    if (has_colours) text += part.colour;
    text.append(count, part.letter);
    if (has_colours) text += "\x1b[0m";
    drawn += count;
  }
  text.append(width - std::min(drawn, width), ' ');
  return text;
}

std::string row_of(const SegmentStats& segment, std::uint64_t largest, std::size_t columns, bool has_colours) {
  const std::string label = fmt::format("{:>8}{} {:>10} ", segment.id, segment.is_active ? "*" : " ",
                                        size_of(segment.bytes));
  if (columns <= label.size() + 2) return label.substr(0, columns);
  const std::array parts = {Part{'=', "\x1b[32m", segment.live_bytes}, Part{'r', "\x1b[36m", segment.raw_bytes},
                            Part{'t', "\x1b[33m", segment.tombstone_bytes}, Part{'.', "\x1b[31m", segment.dead_bytes}};
  return label + bar(parts, largest, columns - label.size() - 1, has_colours);
}

}  // namespace

std::string StatScreen::lines(const StoreStats& stats, std::chrono::milliseconds now, const TerminalSize& size,
                              bool has_colours) {
  std::vector<std::string> rows;
  rows.emplace_back(title_);
  rows.push_back(fmt::format("{} in {} segments, {} live, {:.1f} % garbage", size_of(stats.bytes), stats.segments,
                             size_of(stats.live_bytes), 100 * stats.garbage_ratio));
  rows.push_back(fmt::format("{} keys, {} puts, {} deletes, {} raw", stats.live_keys, stats.put_records,
                             stats.delete_records, stats.raw_records));
  rows.push_back(fmt::format("txid {}, durable {} ({} behind)", stats.last_txid, stats.durable_txid,
                             stats.last_txid - std::min(stats.durable_txid, stats.last_txid)));
  const double seconds = static_cast<double>((now - last_time_).count()) / 1000;
  if (last_time_.count() >= 0 && seconds > 0 && stats.last_txid >= last_txid_) {
    const std::uint64_t grown = stats.bytes - std::min(last_bytes_, stats.bytes);
    rows.push_back(fmt::format("{:.1f} records/s, {}/s", static_cast<double>(stats.last_txid - last_txid_) / seconds,
                               size_of(static_cast<std::uint64_t>(static_cast<double>(grown) / seconds))));
  } else {
    rows.emplace_back();
  }
  last_time_ = now;
  last_txid_ = stats.last_txid;
  last_bytes_ = stats.bytes;
  rows.emplace_back(" segment       size  = live  r raw  t tombstones  . dead   * active");

  // The cursor stands in the line behind the last one.
  const std::size_t most = size.rows - std::min<std::size_t>(size.rows, 1);
  rows.resize(std::min(rows.size(), most));
  const std::size_t room = most - rows.size();
  const std::size_t shown = std::min(room, stats.per_segment.size());
  const std::span<const SegmentStats> segments = std::span(stats.per_segment).last(shown);
  std::uint64_t largest = 1;
  for (const SegmentStats& segment : segments) largest = std::max(largest, segment.bytes);
  std::string text;
  for (const std::string& row : rows) text += row.substr(0, size.columns) + '\n';
  for (const SegmentStats& segment : segments) text += row_of(segment, largest, size.columns, has_colours) + '\n';
  return text;
}

std::string StatScreen::redraw(const std::string& lines) {
  std::string text = "\x1b[H";
  for (const char c : lines) {
    if (c == '\n') text += "\x1b[K";
    text += c;
  }
  return text + "\x1b[J";
}

}  // namespace datawal::cli
