// `datawal verify`: is everything there, whole, and in order?

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/scrub.hpp>

#include "cli/checking.hpp"
#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/index_fields.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"
#include "cli/verdict.hpp"

namespace datawal::cli {
namespace {

std::string json_of(const std::vector<TxidGap>& gaps) {
  std::string json = "[";
  for (const TxidGap& gap : gaps) {
    json += fmt::format(R"({}{{"segment":{},"offset":{},"first":{},"last":{}}})", json.size() == 1 ? "" : ",",
                        gap.segment, gap.offset, gap.expected, gap.found - 1);
  }
  return json + ']';
}

// A number that the reference prints: complete records with a wrong checksum. Damage may be of many other kinds.
void print_crc_failures(ReportFields& fields, const VerifyReport& report) {
  fields.json().number("crc_failures", report.crc_failures);
  const std::string number = std::to_string(report.crc_failures);
  fields.line("crc_failures",
              report.damage && report.crc_failures == 0 ? number + " (the damage is of another kind)" : number);
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

void print(Console& console, const VerifyReport& report, const IndexReport& index, const StateReport& state) {
  const RecoveryReport& recovery = report.recovery;
  const StateName watermark = name_of(report.watermark);
  ReportFields fields(console, "verify");
  fields.number("frames_checked", report.frames_checked);
  print_crc_failures(fields, report);
  fields.flag("tail_truncated", recovery.tail_truncated).number("tail_bytes_discarded", recovery.tail_bytes_discarded);
  fields.number("last_segment", report.last_segment).number("last_offset", report.last_offset);
  fields.number("last_txid_seen", recovery.last_txid_seen).number("txid_gaps", recovery.txid_gaps);
  fields.truth("out_of_order", report.out_of_order).word("watermark", watermark.word, watermark.explanation);
  if (index.state != IndexState::absent) add_index_fields(fields, index);
  if (state.state != IndexState::absent) add_state_fields(fields, state);
  fields.number("preallocated_bytes", recovery.preallocated_bytes);
  fields.number("records_beyond_tear", recovery.records_beyond_tear);
  fields.number("quarantined_previously", recovery.quarantined_previously);
  for (const TxidGap& gap : report.gaps) {
    const std::uint64_t count = gap.found - gap.expected;
    fields.line("gap", fmt::format("segment {} offset {}: txids {} to {} are missing ({})", gap.segment, gap.offset,
                                   gap.expected, gap.found - 1, count));
  }
  if (report.gaps.size() < recovery.txid_gaps) {
    fields.line("gap", fmt::format("... and {} more", recovery.txid_gaps - report.gaps.size()));
  }
  print_damage(fields, report);
  fields.json().number("txids_missing", report.txids_missing).raw("gaps", json_of(report.gaps));
  fields.json().boolean("raw_only", report.is_raw_only);
  const Verdict verdict = verdict_of(report);
  fields.json().text("verdict", verdict.code);
  fields.line("verdict", verdict.text);
  fields.print();
}

int fail_for_gaps(Console& console, const std::filesystem::path& dir, const VerifyReport& report) {
  const Verdict verdict = verdict_of(report);
  return console.fail(
      exit_damaged,
      {.code = verdict.code, .text = fmt::format("{}: {}", shell_word(dir), missing_txids(report)), .path = dir});
}

// In one pass, with a bar.
Result<ScrubReport> check_all(const std::filesystem::path& dir, std::uint64_t max_bytes_per_second) {
  ProgressBar bar("checking");
  return scrub(dir, {.max_bytes_per_second = max_bytes_per_second, .on_progress = [&bar](const Progress& progress) {
                       bar.show(progress);
                       return true;
                     }});
}

struct VerifyArguments {
  std::filesystem::path dir;
  bool is_strict = false;
  std::uint64_t max_bytes_per_second = 0;
};

int run_verify(Console& console, const VerifyArguments& arguments) {
  const std::filesystem::path& dir = arguments.dir;
  const Result<ScrubReport> checked = check_all(dir, arguments.max_bytes_per_second);
  if (!checked) return console.fail(checked.error(), dir);
  const VerifyReport* const report = &checked->log;
  if (report->recovery.files_scanned == 0 && !report->damage) return fail_for_empty_store(console, dir);
  const IndexReport& index = checked->index;
  const StateReport& state = checked->state;
  print(console, *report, index, state);
  if (index.state == IndexState::damaged && !report->damage) {
    return console.fail(exit_damaged, {.code = "index_damaged",
                                       .text = fmt::format("{}: the persisted index: {}; nothing of the store is: "
                                                           "`datawal index {} --drop` removes it",
                                                           shell_word(dir), index.reason, shell_word(dir)),
                                       .path = dir});
  }
  if (state.state == IndexState::damaged && !report->damage) {
    return console.fail(exit_damaged, {.code = "log_state_damaged",
                                       .text = fmt::format("{}: the state of the log: {}; nothing of the store is: "
                                                           "`datawal index {} --log --drop` removes it",
                                                           shell_word(dir), state.reason, shell_word(dir)),
                                       .path = dir});
  }
  const int status = judge(console, dir, *report);
  const bool has_gaps = report->txids_missing != 0;
  return arguments.is_strict && has_gaps && status != exit_damaged ? fail_for_gaps(console, dir, *report) : status;
}

}  // namespace

void add_verify(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "verify", "Checks every checksum, the order and the watermark.",
                                  R"(Takes no lock and changes nothing; beside a live writer it checks what was
there when it began. Everything is read once. What is wrong is told on standard
error, with its place and what to do. On a terminal, a bar shows how far it has
come.

  last_segment, last_offset  where checking ended
  crc_failures               whole records with a wrong checksum: one of the
                             kinds of damage there are
  txid_gaps                  how often numbers are missing between two
                             records: compaction, or a lost segment. Among
                             Raw records alone it is no compaction
  watermark                  whether everything that was synced is there
  index_state                of a persisted index, compared with the log
  log_state                  of the state of a log, likewise
  damaged                    every range that is in no whole record
  missing_segments           ids without a file: a suspicion, no more

Examples:
  datawal --json verify ./log | jq -r .verdict
  datawal verify ./log && echo "all there"
  datawal verify --strict ./events          # never compacted: no gap is right
  datawal verify --max-bytes-per-second 16M ./log  # beside other work

The verdict in JSON is clean, gaps, records_missing (gaps among Raw records
alone), torn_tail, out_of_order or damaged.

Exit status: 0 clean; 1 usage, or no store there; 2 the log ends in a torn
record, which costs nothing that was synced; 3 damage, records out of order,
any gap with --strict, or reading failed.)");
  auto arguments = std::make_shared<VerifyArguments>();
  add_store(command, arguments->dir);
  command.add_flag("--strict", arguments->is_strict, "Fail where txids are missing between two records")
      ->option_text(" ");
  add_speed(command, arguments->max_bytes_per_second,
            "Read no faster than that, so that others get\ntheir share of the disk: 16M");
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return run_verify(console, *arguments); }; });
}

}  // namespace datawal::cli
