#include "cli/selection.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <deque>
#include <ranges>
#include <string>
#include <vector>

#include "cli/reading.hpp"

namespace datawal::cli {
namespace {

// Where a record lies.
struct Place {
  std::uint32_t segment;
  std::uint32_t len;
  std::uint64_t offset;

  [[nodiscard]] bool is_of(const RecordRef& ref) const noexcept {
    return segment == ref.segment && offset == ref.offset;
  }
};

// The records that the selection begins with, in the order of the log, until `visit` returns false.
class Walk {
 public:
  Walk(Console& console, const std::filesystem::path& dir, const RecordLogReader& reader, const Selection& selection)
      : console_(console), dir_(dir), reader_(reader), selection_(selection) {
    // Ids may have gaps: the first segment that is there at or behind the one asked for.
    const std::uint64_t wanted = selection.from_segment.value_or(0);
    const auto first = std::ranges::lower_bound(reader.segments(), wanted);
    is_empty_ = first == reader.segments().end();
    if (is_empty_) return;
    first_segment_ = *first;
    first_offset_ = *first == wanted ? selection.from_offset.value_or(0) : 0;
  }

  int run(const std::function<bool(const RecordView&)>& visit) const {
    if (is_empty_) return exit_done;
    RecordCursor cursor = selection_.from_segment ? reader_.records_from(first_segment_, 0) : reader_.records();
    return walk(console_, dir_, reader_, cursor, [&](const RecordView& record) {
      if (record.ref.segment == first_segment_ && record.ref.offset < first_offset_) return true;
      return !selection_.filter.admits(record) || visit(record);
    });
  }

 private:
  Console& console_;
  const std::filesystem::path& dir_;
  const RecordLogReader& reader_;
  const Selection& selection_;
  bool is_empty_ = false;
  std::uint32_t first_segment_ = 0;
  std::uint64_t first_offset_ = 0;
};

// A record that was found before is not there any more.
Error cut_meanwhile() { return {.code = Errc::snapshot_expired, .action = "read log"}; }

// The last places that the selection names, in the order of the log. What ended the walk is told by then.
std::deque<Place> find_places(const Walk& walk, const Selection& selection, int& status) {
  std::deque<Place> places;
  status = walk.run([&](const RecordView& record) {
    places.push_back({.segment = record.ref.segment, .len = record.ref.len, .offset = record.ref.offset});
    if (selection.last && places.size() > *selection.last) places.pop_front();
    return true;
  });
  return places;
}

// Records that follow each other in one segment, as far as they fit into some memory.
class Chunk {
 public:
  [[nodiscard]] bool takes(const Place& place) const noexcept {
    constexpr std::uint64_t most_bytes = 8 << 20;
    return places_.empty() || (places_.back().segment == place.segment && bytes_ + place.len <= most_bytes);
  }
  void add(const Place& place) {
    places_.push_back(place);
    bytes_ += place.len;
  }

  // Reads and shows them, the last one first. Places are added from the last one on.
  Result<void> show_reversed(const RecordLogReader& reader, const std::function<bool(const RecordView&)>& show) {
    std::vector<Copy> copies;
    RecordCursor cursor = reader.records_from(places_.back().segment, places_.back().offset);
    for (const Place& place : std::views::reverse(places_)) {
      for (;;) {
        const Result<std::optional<RecordView>> next = cursor.next();
        if (!next) return std::unexpected(next.error());
        if (!*next) return std::unexpected(cut_meanwhile());
        if (!place.is_of((*next)->ref)) continue;
        copies.push_back({**next, std::string((*next)->key), std::string((*next)->payload)});
        break;
      }
    }
    for (const Copy& copy : std::views::reverse(copies)) {
      RecordView record = copy.record;
      record.key = copy.key;
      record.payload = copy.payload;
      if (!show(record)) break;
    }
    places_.clear();
    bytes_ = 0;
    return {};
  }

 private:
  struct Copy {
    RecordView record;
    std::string key;
    std::string payload;
  };
  std::vector<Place> places_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

void add_selection(CLI::App& command, Selection& selection) {
  add_count(command, "--limit", selection.limit, "Stop after N records");
  CLI::Option* from_segment = add_count(command, "--from-segment", selection.from_segment,
                                        "Begin with segment N; damage before it is not seen");
  add_count(command, "--from-offset", selection.from_offset,
            "Within the segment of --from-segment, skip the records\nbefore byte N")
      ->needs(from_segment);
  add_txid_range(command, selection.filter);
  add_record_filter(command, selection.filter);
  add_count(command, "--last", selection.last, "Only the last N of these records");
  command.add_flag("--reverse", selection.is_reversed, "The newest of them first")->option_text(" ");
}

int walk_selection(Console& console, const std::filesystem::path& dir, const Selection& selection,
                   const std::function<void(const RecordView&)>& show) {
  int status = exit_done;
  const std::optional<RecordLogReader> reader = open_to_read(console, dir, status);
  if (!reader) return status;
  if (selection.limit == 0U || selection.last == 0U) return exit_done;

  std::uint64_t shown = 0;
  const auto show_one = [&](const RecordView& record) {
    show(record);
    return ++shown != selection.limit && !console.out().has_failed();
  };
  const Walk records(console, dir, *reader, selection);
  if (!selection.last && !selection.is_reversed) return records.run(show_one);

  std::deque<Place> places = find_places(records, selection, status);
  if (places.empty()) return status;
  if (!selection.is_reversed) {
    RecordCursor cursor = reader->records_from(places.front().segment, places.front().offset);
    while (!places.empty()) {
      const Result<std::optional<RecordView>> next = cursor.next();
      if (!next) return console.fail(next.error(), dir);
      if (!*next) return console.fail(cut_meanwhile(), dir);
      if (!places.front().is_of((*next)->ref)) continue;
      places.pop_front();
      if (!show_one(**next)) break;
    }
    return status;
  }
  Chunk chunk;
  bool goes_on = true;
  const auto show_chunk = [&] {
    return chunk.show_reversed(*reader, [&](const RecordView& record) { return goes_on = show_one(record); });
  };
  for (const Place& place : std::views::reverse(places)) {
    if (!chunk.takes(place)) {
      if (const Result<void> done = show_chunk(); !done) return console.fail(done.error(), dir);
      if (!goes_on) return status;
    }
    chunk.add(place);
  }
  if (const Result<void> done = show_chunk(); !done) return console.fail(done.error(), dir);
  return status;
}

}  // namespace datawal::cli
