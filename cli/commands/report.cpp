// `datawal report`: what one pass over the store counts.

#include <memory>

#include <datawal/segment.hpp>

#include "cli/commands/commands.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"

namespace datawal::cli {
namespace {

// Bytes of all segments; unknown sizes count as nothing, since only the bar depends on them.
Progress nothing_done(const std::filesystem::path& dir, const RecordLogReader& reader) {
  Progress progress;
  for (const std::uint32_t id : reader.segments()) progress.bytes_total += segment::size(dir, id).value_or(0);
  return progress;
}

void print_report(Console& console, const RecoveryReport& report) {
  ReportFields fields(console, "report");
  fields.number("files_scanned", report.files_scanned).number("records_replayed", report.records_replayed);
  fields.flag("tail_truncated", report.tail_truncated).number("tail_bytes_discarded", report.tail_bytes_discarded);
  fields.number("mid_stream_errors", report.mid_stream_errors);
  fields.number("unsupported_versions", report.unsupported_versions).number("last_txid_seen", report.last_txid_seen);
  fields.number("preallocated_bytes", report.preallocated_bytes).number("txid_gaps", report.txid_gaps);
  fields.number("records_beyond_tear", report.records_beyond_tear);
  fields.number("quarantined_previously", report.quarantined_previously);
  fields.print();
}

int report(Console& console, const std::filesystem::path& dir) {
  int status = exit_done;
  const std::optional<RecordLogReader> reader = open_to_read(console, dir, status);
  if (!reader) return status;
  ProgressBar bar("reading");
  Progress progress = nothing_done(dir, *reader);
  RecordCursor cursor = reader->records();
  RecordRef last;
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (next && *next) {
      last = (*next)->ref;
      progress.bytes_done += last.len;
      bar.show(progress);
      continue;
    }
    bar.wipe();
    print_report(console, cursor.report());
    if (!next) return console.fail(next.error(), dir);
    if (cursor.report().tail_truncated) return fail_for_torn_tail(console, dir, *reader, cursor, last);
    return exit_done;
  }
}

}  // namespace

void add_report(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "report", "Counts records, and torn or damaged places.",
                                  R"(Takes no lock and changes nothing.

  tail_truncated          the last segment ends in a torn record (1 in JSON)
  tail_bytes_discarded    bytes of that record
  mid_stream_errors       damaged places met; reading ends at the first
  unsupported_versions    records of a newer format met
  preallocated_bytes      zeros reserved behind the last record: no damage
  txid_gaps               how often a number is missing between two records:
                          the trace of compaction, or a lost segment
  records_beyond_tear     whole records found behind a torn one
  quarantined_previously  files *.dwal.torn-* that earlier recoveries kept

Examples:
  datawal report ./log
  datawal --json report ./log

Exit status: 0 clean; 1 usage, or no store there; 2 the log ends in a torn
record; 3 damage, or reading failed.)");
  auto dir = std::make_shared<std::filesystem::path>();
  add_store(command, *dir);
  command.final_callback([&run, dir] { run = [dir](Console& console) { return report(console, *dir); }; });
}

}  // namespace datawal::cli
