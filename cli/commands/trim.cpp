// `datawal trim`: retention for a log of events.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include <datawal/record_log.hpp>

#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/numbers.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"

namespace datawal::cli {
namespace {

struct TrimArguments {
  std::filesystem::path dir;
  std::optional<std::uint64_t> keep_segments{};
  std::optional<std::uint64_t> keep_bytes{};
  std::optional<std::uint64_t> keep_records{};
  bool is_forced = false;
  bool allow_network_filesystem = false;
};

struct Segment {
  std::uint32_t id = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

// The segments that hold records, oldest first.
struct Survey {
  std::vector<Segment> segments{};
  bool holds_keys = false;
};

Result<Survey> survey(const RecordLog& log) {
  Survey survey;
  RecordCursor cursor = log.records();
  for (;;) {
    const Result<std::optional<RecordView>> record = cursor.next();
    if (!record) return propagate(record);
    if (!*record) return survey;
    const RecordRef& ref = (*record)->ref;
    if (survey.segments.empty() || survey.segments.back().id != ref.segment)
      survey.segments.push_back({.id = ref.segment});
    ++survey.segments.back().records;
    survey.segments.back().bytes += ref.len;
    survey.holds_keys = survey.holds_keys || (*record)->type == RecordType::Put;
  }
}

// The oldest segment that must stay to keep at least what was asked for; whole segments only.
std::size_t first_kept(const TrimArguments& arguments, const std::vector<Segment>& segments) {
  Segment kept;
  std::uint64_t count = 0;
  for (std::size_t i = segments.size(); i > 0; --i) {
    const bool enough = (arguments.keep_segments && count >= *arguments.keep_segments) ||
                        (arguments.keep_bytes && kept.bytes >= *arguments.keep_bytes) ||
                        (arguments.keep_records && kept.records >= *arguments.keep_records);
    if (enough && count > 0) return i;
    ++count;
    kept.bytes += segments[i - 1].bytes;
    kept.records += segments[i - 1].records;
  }
  return 0;
}

// How many of the segments are not there any more: a hold may have kept some.
Result<std::size_t> count_gone(const RecordLog& log, const std::vector<Segment>& segments) {
  RecordCursor cursor = log.records();
  const Result<std::optional<RecordView>> first = cursor.next();
  if (!first) return propagate(first);
  if (!*first) return segments.size();
  const auto at = std::ranges::lower_bound(segments, (*first)->ref.segment, {}, &Segment::id);
  return static_cast<std::size_t>(at - segments.begin());
}

int trim(Console& console, const TrimArguments& arguments) {
  int status = exit_done;
  if (!open_to_read(console, arguments.dir, status)) return status;  // a mistyped name must not become a store
  OpenOptions options;
  options.mode = OpenMode::must_exist;
  options.allow_network_filesystem = arguments.allow_network_filesystem;
  Result<RecordLog> log = RecordLog::open(arguments.dir, options);
  if (!log) return console.fail(log.error(), arguments.dir);
  const Result<Survey> all = survey(*log);
  if (!all) return console.fail(all.error(), arguments.dir);
  if (all->holds_keys && !arguments.is_forced) {
    return console.fail_usage(
        "the store holds keys, whose values lie in old segments too: use `datawal compact`, or say --force");
  }
  std::size_t first = first_kept(arguments, all->segments);
  const std::size_t wanted = first;
  if (first > 0) {
    const Result<void> dropped = log->drop_segments_before(all->segments[first].id, {.with_keys = arguments.is_forced});
    if (!dropped) return console.fail(dropped.error(), arguments.dir);
    const Result<std::size_t> gone = count_gone(*log, all->segments);
    if (!gone) return console.fail(gone.error(), arguments.dir);
    first = *gone;
  }
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  for (std::size_t i = 0; i < first; ++i) {
    bytes += all->segments[i].bytes;
    records += all->segments[i].records;
  }
  if (const Result<void> closed = log->close(); !closed) return console.fail(closed.error(), arguments.dir);
  ReportFields fields(console, "trim");
  fields.number("segments_removed", first).number("records_removed", records).number("bytes_removed", bytes);
  fields.number("first_segment", all->segments.empty() ? 0 : all->segments[first].id);
  if (wanted > first) fields.number("segments_held", wanted - first);
  fields.print();
  if (wanted > first) {
    console.note({.code = "held",
                  .text = fmt::format("a hold keeps {} more: `datawal hold {}` shows whose",
                                      counted(wanted - first, "segment"), shell_word(arguments.dir)),
                  .path = arguments.dir});
  }
  return exit_done;
}

}  // namespace

void add_trim(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "trim", "Removes the oldest segments of a log of events.",
                                  R"(One of the three --keep options is needed. Whole segments are removed, oldest
first, and never so many that less than what is to be kept would be left; the
newest record always stays, and so does what a hold keeps (`datawal help hold`).
Needs the writer's lock. A store that holds keys is refused: their values may
lie anywhere.

Examples:
  datawal trim ./events --keep-bytes 10G
  datawal trim ./events --keep-records 1000000

Exit status: 0 done; 1 usage, no store there, locked, or the store holds keys;
3 damage, or the operating system failed.)");
  auto arguments = std::make_shared<TrimArguments>();
  add_store(command, arguments->dir);
  CLI::Option* segments = add_count(command, "--keep-segments", arguments->keep_segments,
                                    "Keep so many of the newest segments");
  CLI::Option* records = add_count(command, "--keep-records", arguments->keep_records,
                                   "Keep at least the newest N records");
  CLI::Option* bytes = add_text(
      command, "--keep-bytes",
      [arguments](const std::string& text) {
        arguments->keep_bytes = parse_bytes(text);
        if (!arguments->keep_bytes) throw CLI::ValidationError("--keep-bytes", "'" + text + "' is no number of bytes");
      },
      "Keep at least the newest N bytes; K, M, G or T may follow");
  bytes->option_text("N");
  segments->excludes(records)->excludes(bytes);
  records->excludes(bytes);
  command.add_flag("--force", arguments->is_forced, "Also where the store holds keys")->option_text(" ");
  add_network(command, arguments->allow_network_filesystem);
  command.final_callback([&run, arguments] {
    run = [arguments](Console& console) -> int {
      if (!arguments->keep_segments && !arguments->keep_bytes && !arguments->keep_records) {
        return console.fail_usage("say what to keep: --keep-segments, --keep-bytes or --keep-records");
      }
      return trim(console, *arguments);
    };
  });
}

}  // namespace datawal::cli
