#include "cli/last_records.hpp"

#include <algorithm>
#include <ranges>
#include <span>

namespace datawal::cli {
namespace {

struct SegmentCount {
  std::uint64_t records = 0;
  bool is_damaged = false;
};

Result<SegmentCount> count_records(const RecordLogReader& reader, std::uint32_t segment) {
  RecordCursor cursor = reader.records_from(segment, 0);
  SegmentCount count;
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) {
      const Errc code = next.error().code;
      if (code != Errc::corruption && code != Errc::unsupported_version) return propagate(next);
      count.is_damaged = next.error().segment <= segment;  // in a later one: that one was counted already
      return count;
    }
    if (!*next || (*next)->ref.segment != segment) return count;
    ++count.records;
  }
}

}  // namespace

Result<TailStart> find_last_records(const RecordLogReader& reader, std::uint64_t count) {
  TailStart start;
  std::uint64_t found = 0;
  for (const std::uint32_t segment : std::ranges::reverse_view(reader.segments())) {
    const Result<SegmentCount> here = count_records(reader, segment);
    if (!here) return propagate(here);
    if (here->is_damaged) found = 0;
    found += here->records;
    start.segment = segment;
    if (found >= std::max<std::uint64_t>(count, 1)) break;  // one even for none: to know where the log ends
  }
  start.wanted = std::min(found, count);
  start.skipped = found - start.wanted;
  return start;
}

}  // namespace datawal::cli
