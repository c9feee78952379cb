// `datawal tail`: the end of the log, and what comes next.

#include <limits>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/follower.hpp"
#include "cli/last_records.hpp"
#include "cli/reading.hpp"
#include "cli/record_filter.hpp"
#include "cli/report_fields.hpp"

namespace datawal::cli {
namespace {

struct TailArguments {
  std::filesystem::path dir;
  std::optional<std::uint64_t> records;
  bool follow = false;
  bool only_durable = false;
  std::optional<std::uint64_t> interval_ms;
  std::optional<std::uint64_t> after_txid;
  std::filesystem::path cursor_file;
  std::filesystem::path lag_of;
  RecordFilter filter;
  RecordStyle style;
};

// Of a follower in another program, which notes its position in that file.
int print_lag(Console& console, const TailArguments& arguments) {
  if (arguments.follow) return console.fail_usage("--lag goes without -f");
  std::error_code ignored;
  if (!std::filesystem::exists(arguments.lag_of, ignored)) {
    return console.fail_usage(shell_word(arguments.lag_of) + " is not there: it is the file that a follower saves");
  }
  const Result<Follower> follower = Follower::open(
      arguments.dir, {.only_durable = arguments.only_durable, .cursor_file = arguments.lag_of});
  if (!follower) return console.fail(follower.error(), arguments.dir);
  const Result<FollowerLag> lag = follower->lag();
  if (!lag) return console.fail(lag.error(), arguments.dir);
  ReportFields fields(console, "lag");
  fields.number("records", lag->records).number("bytes", lag->bytes).number("txids", lag->txids);
  fields.print();
  return exit_done;
}

int print_last(Console& console, const TailArguments& arguments, RecordPrinter& printer, std::uint64_t count) {
  int status = exit_done;
  const std::optional<RecordLogReader> reader = open_to_read(console, arguments.dir, status);
  if (!reader) return status;
  const Result<TailStart> start = find_last_records(*reader, count);
  if (!start) return console.fail(start.error(), arguments.dir);
  // To the end, though a live writer may have added more: a torn tail or damage there must be reported.
  std::uint64_t position = 0;
  RecordCursor cursor = reader->records_from(start->segment, 0);
  return walk(console, arguments.dir, *reader, cursor, [&](const RecordView& record) {
    ++position;
    const bool is_wanted = position > start->skipped && position <= start->skipped + start->wanted;
    if (is_wanted && arguments.filter.admits(record)) printer.print_record(record);
    return true;
  });
}

int tail(Console& console, const TailArguments& arguments) {
  constexpr std::uint64_t default_records = 10;
  constexpr std::uint64_t default_interval_ms = 100;
  RecordPrinter printer(console, arguments.style);
  if (!arguments.lag_of.empty()) return print_lag(console, arguments);
  if (arguments.only_durable && !arguments.follow) return console.fail_usage("--durable goes with -f");
  if (!arguments.follow && (arguments.after_txid || !arguments.cursor_file.empty())) {
    return console.fail_usage(
        "--after-txid and --cursor-file go with -f; `datawal scan --from-txid` shows what is there");
  }
  if (arguments.after_txid && arguments.records)
    return console.fail_usage("--after-txid and -n both say where to begin");
  if (!arguments.follow) return print_last(console, arguments, printer, arguments.records.value_or(default_records));
  const std::uint64_t interval_ms = arguments.interval_ms.value_or(default_interval_ms);
  constexpr std::uint64_t longest_ms = 24ULL * 60 * 60 * 1000;
  if (interval_ms == 0 || interval_ms > longest_ms) return console.fail_usage("--interval takes 1 to 86400000 ms");
  // Who notes how far it has come wants each record once, from the first on.
  const std::uint64_t count = arguments.cursor_file.empty() ? default_records
                                                            : std::numeric_limits<std::uint64_t>::max();
  return TailFollower(console, arguments.dir, printer,
                      {.count = arguments.records.value_or(count),
                       .after_txid = arguments.after_txid,
                       .cursor_file = arguments.cursor_file,
                       .only_durable = arguments.only_durable,
                       .filter = arguments.filter})
      .run(std::chrono::milliseconds(interval_ms));
}

}  // namespace

void add_tail(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "tail", "Prints the newest records, and with -f those to come.",
                                  R"(Takes no lock and changes nothing. Reads the log from its newest segment back
only as far as needed: `datawal verify` checks all of it.

With -f each record is printed once, whole, and in order, across rotations
and when the writer dies and comes back. A store that does not exist yet is
waited for. SIGINT, SIGTERM and SIGHUP end it with exit status 0.

With --cursor-file each record is printed once across runs too: what was
printed before a crash and not yet noted comes again. Written to a pipe counts
as printed. FILE decides where it begins, once it is there. Of a store that
took the place of the one that FILE is about, all is printed; a note says so.
-n and the like count records before --grep and the like take some away.

With --durable a record comes once a sync has covered it, and is never taken
back; of a store that was copied, once a writer has opened it.

Examples:
  datawal --json tail ./log -f | jq -r '.payload_base64 | @base64d'
  datawal tail ./log -n 20
  datawal tail ./log -f --cursor-file sent.cursor

Exit status: 0 done; 1 usage, no store there, or nobody reads the output any
more; 2 the log ends in a torn record (without -f); 3 damage, or reading or
printing failed.)");
  auto arguments = std::make_shared<TailArguments>();
  add_store(command, arguments->dir);
  add_count(command, "-n,--records", arguments->records, "How many of the last records to print (default 10)");
  command.add_flag("-f,--follow", arguments->follow, "Go on with what is appended");
  command.add_flag("--durable", arguments->only_durable, "With -f: print only what a loss of power cannot take back");
  add_count(command, "--after-txid", arguments->after_txid,
            "With -f: begin behind the record with this transaction id");
  add_path(
      command, "--cursor-file", [arguments](const std::string& text) { arguments->cursor_file = text; },
      "With -f: note in FILE how far it has come, and go on\nfrom there the next time, whatever -n or --after-txid\n"
      "say; at first, without them, from the first record on.\nOne FILE belongs to one store")
      ->option_text("FILE");
  add_count(command, "--interval", arguments->interval_ms, "With -f: look for more every N ms (default 100)");
  add_path(
      command, "--lag", [arguments](const std::string& text) { arguments->lag_of = text; },
      "Instead of records, how far behind the follower is\nthat saves its place in FILE; with --durable, behind what\n"
      "a loss of power cannot take back")
      ->option_text("FILE");
  add_record_filter(command, arguments->filter);
  add_record_style(command, arguments->style);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return tail(console, *arguments); }; });
}

}  // namespace datawal::cli
