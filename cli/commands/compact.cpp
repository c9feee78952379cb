// `datawal compact`: the live records as a new store.

#include <memory>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/progress_bar.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct CompactArguments {
  std::filesystem::path dir;
  std::filesystem::path target;
  RawRecords raw = RawRecords::refuse;
};

int compact(Console& console, const CompactArguments& arguments) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  const StoreStats before = store->stats();
  if (before.raw_records > 0 && arguments.raw == RawRecords::refuse) {
    return console.fail_usage("the log holds " + std::to_string(before.raw_records) +
                              " Raw records, which belong to no key: say --include-raw or --drop-raw");
  }
  ProgressBar bar("compacting");
  const Result<CompactionStats> stats = store->compact_to(arguments.target,
                                                          {.raw = arguments.raw, .on_progress = bar.callback()});
  bar.wipe();
  if (!stats) return console.fail(stats.error(), arguments.target);
  ReportFields fields(console, "compact");
  fields.path("target", arguments.target).number("live_keys", stats->live_keys);
  fields.number("records_written", stats->records_written).number("bytes_written", stats->bytes_written);
  fields.print();
  note_torn_tail(console, arguments.dir, store->report());
  return exit_done;
}

}  // namespace

void add_compact(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "compact", "Writes the live keys as a new, smaller store.",
                                  R"(TARGET gets one record per live key, by ascending key, in one segment. It must be
absent or empty. DIR is not touched, and may be written to meanwhile. After a
crash TARGET holds the whole result or none.

Example:
  datawal compact ./kv ./kv.small --drop-raw

Exit status: 0 done; 1 usage, no store there, or TARGET is not empty; 3 damage,
no space, or the operating system failed.)");
  auto arguments = std::make_shared<CompactArguments>();
  add_store(command, arguments->dir);
  add_text(
      command, "TARGET", [arguments](const std::string& text) { arguments->target = text; },
      "The new store's directory")
      ->option_text(" ")
      ->required();
  CLI::Option* include = command.add_flag_callback(
      "--include-raw", [arguments] { arguments->raw = RawRecords::include; },
      "Copy Raw records too, first and in log order");
  CLI::Option* drop = command.add_flag_callback(
      "--drop-raw", [arguments] { arguments->raw = RawRecords::drop; }, "Leave Raw records out");
  include->option_text(" ")->excludes(drop);
  drop->option_text(" ");
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return compact(console, *arguments); }; });
}

}  // namespace datawal::cli
