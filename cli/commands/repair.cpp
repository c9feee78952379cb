// `datawal repair`: the two ways out of damage.

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include <datawal/repair.hpp>

#include "cli/checking.hpp"
#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/progress_bar.hpp"
#include "cli/report_fields.hpp"

namespace datawal::cli {
namespace {

struct RepairArguments {
  std::filesystem::path dir;
  std::filesystem::path salvage_to;
  bool allow_network_filesystem = false;
};

// The exit status means something only if the result can be read.
int check_result(Console& console, const std::filesystem::path& dir) {
  const Result<VerifyReport> report = check(dir);
  return report ? judge(console, dir, *report) : console.fail(report.error(), dir);
}

void print(Console& console, const RepairReport& report) {
  const std::vector<std::filesystem::path>& paths = report.quarantine_paths;
  ReportFields fields(console, "repair");
  if (report.action == RepairAction::none) {
    fields.word("action", "none", "the store was sound");
  } else {
    fields.word("action", "cut", "at the first damage; what was behind it is kept beside it");
  }
  fields.number("segment", report.segment).number("offset", report.offset);
  fields.number("bytes_quarantined", report.bytes_quarantined);
  fields.path("quarantine_path", paths.empty() ? std::filesystem::path() : paths.front());
  for (std::size_t i = 1; i < paths.size(); ++i) fields.line("quarantine_path", shell_word(paths[i]));
  fields.json().number("records_salvaged", 0);
  std::vector<std::string> names;
  names.reserve(paths.size());
  for (const std::filesystem::path& path : paths) names.push_back(path.native());
  fields.json().texts("quarantine_paths", names);
  fields.number("records_quarantined", report.records_quarantined).number("records_apart", report.records_apart);
  if (report.synced_txids_cut.first == 0) {
    fields.json().null("synced_txids_cut");
  } else {
    fields.json().raw("synced_txids_cut", fmt::format(R"({{"first":{},"last":{}}})", report.synced_txids_cut.first,
                                                      report.synced_txids_cut.last));
  }
  fields.json().boolean("keys_may_return", report.keys_may_return);
  fields.print();
}

void note_returning_keys(Console& console, const RepairReport& report) {
  const std::string what = report.records_quarantined == 0
                               ? std::string(
                                     "no whole record was cut off, but what was damaged or missing counts no more")
                               : fmt::format("at least {} cut off",
                                             report.records_quarantined == 1
                                                 ? std::string("1 whole record was")
                                                 : fmt::format("{} whole records were", report.records_quarantined));
  console.note({.code = "deleted_keys_may_return",
                .text = what + ": a key that was deleted or overwritten there shows its older value again"});
}

// Said now, so that nobody has to find out later.
void note_synced(Console& console, const RepairReport& report) {
  const TxidRange& cut = report.synced_txids_cut;
  const bool is_one = cut.first == cut.last;
  const std::string which = is_one ? fmt::format("txid {}, which had been synced, is", cut.first)
                                   : fmt::format("txids {} to {}, which had been synced, are", cut.first, cut.last);
  const std::uint64_t kept = report.records_quarantined;
  std::string where = "lost";
  if (kept != 0) {
    where = fmt::format("not in the store any more: {} set aside{}",
                        kept == 1 ? std::string("1 whole record is") : fmt::format("{} whole records are", kept),
                        kept <= cut.last - cut.first ? ", the others are lost" : "");
  }
  console.note({.code = "synced_records_cut", .text = fmt::format("{} {}", which, where)});
}

// Frames in what was cut that, as far as can be told, are bytes of a value and have a txid of no record in the log.
void note_txid_apart(Console& console, const RepairReport& report) {
  if (report.highest_txid_apart == 0) return;
  console.note(
      {.code = "records_apart",
       .text = fmt::format("{} with txids up to {} lie in damaged records, as values that hold records have them: "
                           "they count as bytes, and the next txid does not follow them",
                           counted(report.records_apart, "whole record"), report.highest_txid_apart)});
}

int cut(Console& console, const RepairArguments& arguments) {
  ProgressBar bar("repairing");
  OpenOptions options;
  options.allow_network_filesystem = arguments.allow_network_filesystem;
  options.on_progress = bar.callback();
  const Result<RepairReport> report = repair(arguments.dir, options);
  bar.wipe();
  if (!report) return console.fail(report.error(), arguments.dir);
  print(console, *report);
  if (report->synced_txids_cut.first != 0) note_synced(console, *report);
  if (report->keys_may_return) note_returning_keys(console, *report);
  note_txid_apart(console, *report);
  return check_result(console, arguments.dir);
}

std::string json_of(const std::vector<TxidRange>& ranges) {
  std::string json = "[";
  for (const TxidRange& range : ranges) {
    json += fmt::format(R"({}{{"first":{},"last":{}}})", json.size() == 1 ? "" : ",", range.first, range.last);
  }
  return json + ']';
}

void print(Console& console, const SalvageReport& report, const std::filesystem::path& target) {
  ReportFields fields(console, "repair");
  fields.word("action", "salvage", "the source was not changed");
  fields.json().number("segment", 0).number("offset", 0).number("bytes_quarantined", 0).null("quarantine_path");
  fields.number("records_salvaged", report.records_salvaged).path("target", target);
  fields.number("bytes_skipped", report.bytes_skipped).number("duplicates", report.duplicates);
  fields.number("conflicts", report.conflicts).number("records_apart", report.records_apart);
  fields.json().raw("lost_txids", json_of(report.lost_txids));
  for (const TxidRange& lost : report.lost_txids) {
    fields.line("lost_txids", fmt::format("{} to {}", lost.first, lost.last));
  }
  fields.print();
}

// Why a salvage is not a whole copy; empty if it is one.
std::string what_lacks(const SalvageReport& report, const std::filesystem::path& source) {
  if (report.bytes_skipped != 0) {
    return fmt::format("{} of {} are in no whole record", counted(report.bytes_skipped, "byte"), shell_word(source));
  }
  if (report.conflicts != 0)
    return fmt::format("{} had a txid that another one has", counted(report.conflicts, "record"));
  // Missing txids alone are the trace of compaction. But whole segments, or the end of one, may be gone without a trace in
  // the rest.
  const Result<VerifyReport> verified = check(source);
  const bool is_damaged = !verified || (verified->damage && !verified->out_of_order);  // the copy is in order
  return is_damaged ? fmt::format("something that was synced is not in {} any more", shell_word(source))
                    : std::string();
}

int copy_what_decodes(Console& console, const RepairArguments& arguments) {
  ProgressBar bar("salvaging");
  OpenOptions options;
  options.allow_network_filesystem = arguments.allow_network_filesystem;
  options.on_progress = bar.callback();
  const Result<SalvageReport> report = salvage(arguments.dir, arguments.salvage_to, options);
  bar.wipe();
  if (!report) return console.fail(report.error(), arguments.dir);
  print(console, *report, arguments.salvage_to);
  if (const int status = check_result(console, arguments.salvage_to); status != exit_done) return status;
  const std::string lacking = what_lacks(*report, arguments.dir);
  if (lacking.empty()) return exit_done;
  return console.fail(
      exit_recoverable,
      {.code = "incomplete",
       .text = fmt::format(
           "{} is sound, but not complete: {}{}; `datawal verify {}` tells where the source is damaged",
           shell_word(arguments.salvage_to), lacking,
           report->has_keys ? "; a key that was deleted or overwritten there shows its older value again" : "",
           shell_word(arguments.dir)),
       .path = arguments.salvage_to});
}

}  // namespace

void add_repair(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "repair", "Makes a damaged store usable, without deleting a byte.",
                                  R"(Without --salvage the store is cut at its first damage, or at a torn tail.
What is cut, the rest of that segment and every later segment, is kept in the
same directory as *.dwal.torn-OFFSET. Needs the writer's lock. Where the cut
took whole records with it, a key that they deleted may show its older value
again. A record of a newer format is refused: that is no damage.

With --salvage every record that still decodes, before and behind the damage,
is copied into a new store, and DIR is not touched. Transaction ids are kept.
Records inside the value of a damaged record are bytes of that value; where
some are found, they are counted as records_apart and not copied.

Either way the result is verified before the command says that it is done.

Examples:
  datawal verify ./log                      # what is wrong, and where
  datawal repair ./log --salvage ./rescued  # try this first
  datawal repair ./log

Exit status: 0 the result is clean; 1 usage, or the store is locked, or OUT
is not empty; 2 the salvaged store is clean, but something could not be
copied; 3 it could not be repaired.)");
  auto arguments = std::make_shared<RepairArguments>();
  add_store(command, arguments->dir);
  add_path(
      command, "--salvage", [arguments](const std::string& text) { arguments->salvage_to = text; },
      "Copy what still decodes into the new directory OUT and\nchange nothing in DIR")
      ->option_text("OUT");
  add_network(command, arguments->allow_network_filesystem);
  command.final_callback([&run, arguments] {
    run = [arguments](Console& console) {
      return arguments->salvage_to.empty() ? cut(console, *arguments) : copy_what_decodes(console, *arguments);
    };
  });
}

}  // namespace datawal::cli
