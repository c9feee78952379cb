#include "cli/selection.hpp"

#include <algorithm>

#include "cli/reading.hpp"

namespace datawal::cli {

int walk_selection(Console& console, const std::filesystem::path& dir, const Selection& selection,
                   const std::function<void(const RecordView&)>& show) {
  int status = exit_done;
  const std::optional<RecordLogReader> reader = open_to_read(console, dir, status);
  if (!reader) return status;

  // Ids may have gaps: the first segment that is there at or behind the one asked for.
  const std::uint64_t from_segment = selection.from_segment.value_or(0);
  const auto first = std::ranges::lower_bound(reader->segments(), from_segment);
  if (first == reader->segments().end() || selection.limit == 0U) return exit_done;
  const std::uint64_t from_offset = *first == from_segment ? selection.from_offset.value_or(0) : 0;

  RecordCursor cursor = selection.from_segment ? reader->records_from(*first, 0) : reader->records();
  std::uint64_t shown = 0;
  return walk(console, dir, *reader, cursor, [&](const RecordView& record) {
    if (record.ref.segment == from_segment && record.ref.offset < from_offset) return true;
    show(record);
    return ++shown != selection.limit;
  });
}

}  // namespace datawal::cli
