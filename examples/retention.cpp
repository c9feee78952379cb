// A log of events that keeps the newest segments only: docs/RECIPES.md.
#include <cstdint>
#include <iostream>
#include <string>

#include <datawal/datawal.hpp>

constexpr std::uint32_t segments_kept = 16;

static datawal::Result<void> note(datawal::RecordLog& events, std::string_view event) {
  if (auto noted = events.append(event); !noted) return datawal::propagate(noted);
  if (events.active_segment() <= segments_kept) return {};
  return events.drop_segments_before(events.active_segment() - segments_kept + 1);
}

int main() {
  datawal::OpenOptions options;
  options.max_segment_bytes = 4 << 10;  // 64 << 20 would be more like it
  auto events = datawal::RecordLog::open("events", options);
  if (!events) {
    std::cerr << events.error().message() << '\n';
    return 1;
  }
  for (int n = 1; n <= 5000; ++n) {
    if (auto noted = note(*events, "event " + std::to_string(n)); !noted) {
      std::cerr << noted.error().message() << '\n';
      return 1;
    }
  }
  auto oldest = events->records();
  if (auto first = oldest.next(); first && *first) std::cout << (*first)->payload << " is the oldest\n";
}
