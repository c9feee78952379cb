// `datawal verify`: is everything there, whole, and in order?

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/checking.hpp"
#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"

namespace datawal::cli {
namespace {

struct StateName {
  std::string_view word, explanation;
};

StateName name_of(WatermarkState state) {
  switch (state) {
    case WatermarkState::absent: return {"absent", "a tear cannot be told from damage below a lost sync"};
    case WatermarkState::elsewhere: return {"elsewhere", "it speaks of another file: the store is a copy"};
    case WatermarkState::ignored: return {"ignored", "it fits no record, and nothing it speaks of is missing"};
    case WatermarkState::kept: return {"kept", "everything that was synced is there"};
    case WatermarkState::broken: return {"broken", "something that was synced is gone"};
  }
  return {"unknown", {}};
}

std::string_view verdict_of(const VerifyReport& report) {
  if (report.damage) return "DAMAGED";
  if (report.out_of_order) return "OUT OF ORDER";
  return report.recovery.tail_truncated ? "torn tail" : "clean";
}

std::string json_of(const std::vector<DamagedRange>& ranges) {
  std::string json = "[";
  for (const DamagedRange& range : ranges) {
    json += fmt::format(R"({}{{"segment":{},"begin":{},"end":{},"reason":"{}"}})", json.size() == 1 ? "" : ",",
                        range.segment, range.begin, range.end, format::describe(range.stop));
  }
  return json + ']';
}

std::string json_of(const std::vector<MissingSegments>& missing) {
  std::string json = "[";
  for (const MissingSegments& ids : missing) {
    json += fmt::format(R"({}{{"first":{},"last":{}}})", json.size() == 1 ? "" : ",", ids.first, ids.last);
  }
  return json + ']';
}

void print_damage(ReportFields& fields, const VerifyReport& report) {
  fields.json().raw("damaged_ranges", json_of(report.damaged_ranges));
  fields.json().raw("missing_segments", json_of(report.missing_segments));
  if (report.damage) {
    fields.number("damaged_bytes", report.damaged_bytes).number("records_behind_damage", report.records_behind_damage);
  } else {
    fields.json().number("damaged_bytes", 0).number("records_behind_damage", 0);
  }
  for (const DamagedRange& range : report.damaged_ranges) {
    fields.line("damaged", fmt::format("segment {} offset {} to {} ({}): {}", range.segment, range.begin, range.end,
                                       counted(range.end - range.begin, "byte"), format::describe(range.stop)));
  }
  if (report.damaged_ranges.size() < report.damaged_ranges_found) {
    fields.line("damaged", fmt::format("... and {} more", report.damaged_ranges_found - report.damaged_ranges.size()));
  }
  for (const MissingSegments& ids : report.missing_segments) {
    fields.line("missing_segments",
                fmt::format("{} to {}; compaction and trim leave such gaps too", ids.first, ids.last));
  }
}

void print(Console& console, const VerifyReport& report) {
  const RecoveryReport& recovery = report.recovery;
  const StateName watermark = name_of(report.watermark);
  ReportFields fields(console, "verify");
  fields.number("frames_checked", report.frames_checked).number("crc_failures", report.crc_failures);
  fields.flag("tail_truncated", recovery.tail_truncated).number("tail_bytes_discarded", recovery.tail_bytes_discarded);
  fields.number("last_segment", report.last_segment).number("last_offset", report.last_offset);
  fields.number("last_txid_seen", recovery.last_txid_seen).number("txid_gaps", recovery.txid_gaps);
  fields.flag("out_of_order", report.out_of_order).word("watermark", watermark.word, watermark.explanation);
  fields.number("preallocated_bytes", recovery.preallocated_bytes);
  fields.number("records_beyond_tear", recovery.records_beyond_tear);
  fields.number("quarantined_previously", recovery.quarantined_previously);
  for (const TxidGap& gap : report.gaps) {
    fields.line("gap", fmt::format("segment {} offset {}: expected txid {}, found {}", gap.segment, gap.offset,
                                   gap.expected, gap.found));
  }
  if (report.gaps.size() < recovery.txid_gaps) {
    fields.line("gap", fmt::format("... and {} more", recovery.txid_gaps - report.gaps.size()));
  }
  print_damage(fields, report);
  fields.line("verdict", verdict_of(report));
  fields.print();
}

int run_verify(Console& console, const std::filesystem::path& dir) {
  const Result<VerifyReport> report = check(dir);
  if (!report) return console.fail(report.error(), dir);
  if (report->recovery.files_scanned == 0 && !report->damage) return fail_for_empty_store(console, dir);
  print(console, *report);
  return judge(console, dir, *report);
}

}  // namespace

void add_verify(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "verify", "Checks every checksum, the order and the watermark.",
                                  R"(Takes no lock and changes nothing; beside a live writer it checks what was
there when it began. What is wrong is told on standard error, with its place
and what to do. On a terminal, a bar shows how far it has come.

  last_segment, last_offset  where checking ended
  txid_gaps                  how often a number is missing between two
                             records: compaction, or a lost segment
  watermark                  whether everything that was synced is there
  damaged                    every range that is in no whole record
  missing_segments           ids without a file: a suspicion, no more

Examples:
  datawal verify ./log && echo "all there"
  datawal --json verify ./log | jq .frames_checked

Exit status: 0 clean; 1 usage, or no store there; 2 the log ends in a torn
record, which costs nothing that was synced; 3 damage, records out of order,
or reading failed.)");
  auto dir = std::make_shared<std::filesystem::path>();
  add_store(command, *dir);
  command.final_callback([&run, dir] { run = [dir](Console& console) { return run_verify(console, *dir); }; });
}

}  // namespace datawal::cli
