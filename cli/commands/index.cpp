// `datawal index`: the persisted index, with which a store opens in milliseconds, and the state of a log, for the same.

#include <fmt/format.h>

#include <memory>
#include <string>

#include <datawal/data_wal.hpp>
#include <datawal/record_log.hpp>
#include <datawal/saved_index.hpp>
#include <datawal/saved_state.hpp>

#include "cli/commands/commands.hpp"
#include "cli/index_fields.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct IndexArguments {
  std::filesystem::path dir;
  bool builds = false;
  bool checks = false;
  bool drops = false;
  bool is_of_log = false;
};

void print(Console& console, const IndexReport& report) {
  ReportFields fields(console, "index");
  add_index_fields(fields, report);
  fields.number("keys", report.keys).number("records_covered", report.records_covered);
  fields.number("last_txid", report.last_txid);
  fields.print();
}

int build(Console& console, const std::filesystem::path& dir) {
  OpenOptions options{.mode = OpenMode::must_exist};
  options.index = {.is_enabled = true, .write_at_close = false, .writes_in_background = false};
  Result<DataWal> store = DataWal::open(dir, options);
  if (!store) return console.fail(store.error(), dir);
  if (Result<void> saved = store->save_index(); !saved) return console.fail(saved.error(), dir);
  if (Result<void> closed = store->close(); !closed) return console.fail(closed.error(), dir);
  return exit_done;
}

void print(Console& console, const StateReport& report) {
  ReportFields fields(console, "log_state");
  add_state_fields(fields, report);
  fields.number("segments_covered", report.segments).number("records_covered", report.records_covered);
  fields.number("last_txid", report.last_txid);
  fields.print();
}

int build_state(Console& console, const std::filesystem::path& dir) {
  OpenOptions options{.mode = OpenMode::must_exist};
  options.state = {.is_enabled = true, .write_at_rotation = false, .write_at_close = false};
  Result<RecordLog> log = RecordLog::open(dir, options);
  if (!log) return console.fail(log.error(), dir);
  if (Result<void> saved = log->save_state(); !saved) return console.fail(saved.error(), dir);
  if (Result<void> closed = log->close(); !closed) return console.fail(closed.error(), dir);
  return exit_done;
}

int run_state(Console& console, const IndexArguments& arguments) {
  if (arguments.builds) {
    if (const int status = build_state(console, arguments.dir); status != exit_done) return status;
  }
  if (arguments.drops) {
    if (const Result<bool> dropped = drop_state(arguments.dir); !dropped) {
      return console.fail(dropped.error(), arguments.dir);
    }
  }
  const Result<StateReport> report = arguments.checks ? check_state(arguments.dir) : inspect_state(arguments.dir);
  if (!report) return console.fail(report.error(), arguments.dir);
  print(console, *report);
  return report->state == IndexState::damaged ? exit_damaged : exit_done;
}

int run_index(Console& console, const IndexArguments& arguments) {
  if (arguments.is_of_log) return run_state(console, arguments);
  if (arguments.builds) {
    if (const int status = build(console, arguments.dir); status != exit_done) return status;
  }
  if (arguments.drops) {
    if (const Result<bool> dropped = drop_index(arguments.dir); !dropped) {
      return console.fail(dropped.error(), arguments.dir);
    }
  }
  const Result<IndexReport> report = arguments.checks ? check_index(arguments.dir) : inspect_index(arguments.dir);
  if (!report) return console.fail(report.error(), arguments.dir);
  print(console, *report);
  return report->state == IndexState::damaged ? exit_damaged : exit_done;
}

}  // namespace

void add_index(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "index", "Shows, writes, checks or removes the persisted index.",
                                  R"(The file .index beside the segments: a program that opens the store with it
(OpenOptions::index) reads only what was appended since it was written. A
cache: it can be removed at any time, and one that does not fit is not used.

  index_state      used: it would be, now; absent; stale: it does not describe
                   the log that is there; damaged
  index_reason     (JSON; else behind the state) why it would not be used
  records_covered  need not be read when the store is opened

--build opens the store for writing, and writes the index of now. --check
compares every key in it with the log; it takes 40 bytes of memory a key.
Without an option it is looked at alone, in milliseconds.

With --log all this is about the file .state instead, which does the same for
a program that opens the directory as a log of records (OpenOptions::state):
that does not look at .index, and a store of keys not at .state.
Its fields are log_state, log_state_reason and log_state_bytes,
segments_covered, records_covered and last_txid.

Neither is written unless a program asks for it in its options, or --build
does. Of the commands of this program, get uses .index.

Examples:
  datawal index ./kv --build
  datawal index ./kv --check
  datawal index ./log --log --build
  datawal --json index ./kv | jq -r .index_state

Exit status: 0 done; 1 usage, no store there, or the store is locked; 3 the
index is damaged, or reading failed.)");
  auto arguments = std::make_shared<IndexArguments>();
  add_store(command, arguments->dir);
  CLI::Option* const builds = command.add_flag("--build", arguments->builds, "Write it")->option_text(" ");
  CLI::Option* const checks =
      command.add_flag("--check", arguments->checks, "Compare it with the log")->option_text(" ");
  CLI::Option* const drops = command.add_flag("--drop", arguments->drops, "Remove it")->option_text(" ");
  command.add_flag("--log", arguments->is_of_log, "The state of a log, not the index of keys")->option_text(" ");
  builds->excludes(drops);
  checks->excludes(drops);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return run_index(console, *arguments); }; });
}

}  // namespace datawal::cli
