#include "cli/last_records.hpp"

#include <algorithm>
#include <limits>
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
      count.is_damaged = next.error().segment <= segment;  // in a later one: already counted
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
    if (found >= std::max<std::uint64_t>(count, 1)) break;  // one even for none, to know where the log ends
  }
  start.wanted = std::min(found, count);
  start.skipped = found - start.wanted;
  return start;
}

Result<std::optional<RecordRef>> find_record_before_last(const RecordLogReader& reader, std::uint64_t count) {
  if (count == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  const Result<TailStart> start = find_last_records(reader, count + 1);
  if (!start) return propagate(start);
  if (start->wanted <= count) return std::nullopt;
  RecordCursor cursor = reader.records_from(start->segment, 0);
  for (std::uint64_t passed = 0;; ++passed) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) return propagate(next);
    if (!*next) return std::nullopt;
    if (passed == start->skipped) return (*next)->ref;
  }
}

Result<std::optional<RecordRef>> find_record_up_to(const RecordLogReader& reader, std::uint64_t txid) {
  std::optional<RecordRef> found;
  RecordCursor cursor = reader.records();
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) return propagate(next);
    if (!*next || (*next)->txid > txid) return found;
    found = (*next)->ref;
  }
}

}  // namespace datawal::cli
