// `datawal append`: feeds a log.

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include <datawal/record_log.hpp>

#include "cli/commands/commands.hpp"
#include "cli/durability.hpp"
#include "cli/feed.hpp"
#include "cli/framing.hpp"
#include "cli/input_files.hpp"
#include "cli/json.hpp"
#include "cli/progress_bar.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct AppendArguments {
  std::filesystem::path dir;
  FeedSource source;
  SyncChoice sync;
  bool acknowledge = false;
  OpenOptions open;
};

std::optional<RecordLog> open_log(Console& console, const AppendArguments& arguments, int& status) {
  if (!refuse_foreign_directory(console, arguments.dir, arguments.open, status)) return std::nullopt;
  ProgressBar bar("opening");
  OpenOptions options = arguments.open;
  options.on_progress = bar.callback();
  Result<RecordLog> log = RecordLog::open(arguments.dir, options);
  bar.wipe();
  if (!log) {
    status = console.fail(log.error(), arguments.dir);
    return std::nullopt;
  }
  note_quarantine(console, log->recovery_report());
  return std::move(*log);
}

void print_summary(Console& console, const RecordLog& log, const FeedResult& fed, bool to_stderr) {
  const std::uint64_t last_txid = log.last_txid();
  const bool durable = log.durable_txid() >= last_txid;
  if (console.json()) {
    JsonLine line("append");
    line.number("records_appended", fed.records).number("bytes_appended", fed.bytes).number("last_txid", last_txid);
    line.number("last_segment", log.active_segment()).boolean("durable", durable);
    console.out().write(line.finish());
    return;
  }
  std::string text = fmt::format("appended {}, {}; last txid {}, segment {}; ", counted(fed.records, "record"),
                                 counted(fed.bytes, "byte"), last_txid, log.active_segment());
  text += durable ? "all durable" : fmt::format("durable up to txid {}", log.durable_txid());
  if (to_stderr) {
    console.note({.code = "summary", .text = text});
  } else {
    console.out().write(text + '\n');
  }
}

int close_log(Console& console, RecordLog log, const AppendArguments& arguments) {
  if (arguments.sync.when == SyncChoice::When::never) {
    // Closing, and so destroying, would sync. The end of the process releases the lock.
    [[gnu::used]] static const RecordLog* const kept_open = new RecordLog(std::move(log));
    return exit_done;
  }
  const bool was_poisoned = log.is_poisoned();
  const Result<void> closed = log.close();
  return closed || was_poisoned ? static_cast<int>(exit_done) : console.fail(closed.error(), arguments.dir);
}

int append(Console& console, const AppendArguments& arguments) {
  using When = SyncChoice::When;
  if (arguments.acknowledge && arguments.sync.when == When::never) {
    return console.fail_usage("--ack waits for what is durable, and with --sync never nothing is");
  }
  if (arguments.source.key.size() > max_key_len) {
    return console.fail_usage(
        fmt::format("--key is {} bytes long, a key may hold {}", arguments.source.key.size(), max_key_len));
  }
  if (const auto usable = check_input_files(arguments.source.files, arguments.dir); !usable) {
    return console.fail(exit_usage, {.code = "input", .text = usable.error() + "; nothing was appended"});
  }

  int status = exit_done;
  std::optional<RecordLog> log = open_log(console, arguments, status);
  if (!log) return status;

  const StopSignal stop;
  FeedResult fed;
  {
    Durability durability(*log, console, stop, arguments.sync, arguments.acknowledge);
    fed = feed(console, *log, arguments.dir, arguments.source, durability, stop);
    if (const Result<void> synced = durability.finish(); !synced && !(fed.status != exit_done && log->is_poisoned())) {
      fed.status = console.fail(synced.error(), arguments.dir);
    }
  }
  print_summary(console, *log, fed, arguments.acknowledge);
  if (stop.is_requested()) {
    console.note(
        {.code = "signal", .text = fmt::format("stopped by signal {}; what was read is appended", stop.number())});
  }
  if (console.out().has_failed()) {
    console.note({.code = "output", .text = "standard output takes no more: stopped; what was read is appended"});
  }
  status = close_log(console, std::move(*log), arguments);
  if (fed.status != exit_done) return fed.status;
  if (status != exit_done) return status;
  return stop.is_requested() ? 128 + stop.number() : static_cast<int>(exit_done);
}

void add_durability(CLI::App& command, AppendArguments& arguments) {
  const auto take = [&arguments](const std::string& text) {
    const std::optional<SyncChoice> choice = parse_sync(text);
    if (!choice) throw CLI::ValidationError("--sync", "'" + text + "' is none of end, each, never, every=MS");
    arguments.sync = *choice;
  };
  add_text(command, "--sync", take,
           "When records are made safe against a loss of power:\n"
           "end       once, when the input ends (default)\n"
           "each      each one before the next is read\n"
           "every=MS  every MS milliseconds, also while the input\n"
           "          stalls, and when it ends\n"
           "never     not at all; the next opening makes up for it\n"
           "The death of this process alone costs no record.")
      ->option_text("WHEN");
  command.add_flag("--ack", arguments.acknowledge,
                   "Print each record's txid on a line of its own, as soon as\nthe record is durable");
}

}  // namespace

void add_append(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "append", "Appends records from files or standard input.",
                                  R"(Makes the store if need be. Records are read and appended one by one: the
input may be endless, and may come slowly. A record may hold up to 67108864
bytes (64 MiB). A longer one, and a last length-prefixed record that is cut,
ends the command with exit status 1; what was before it stays appended and is
synced.

A torn record that a crash left at the end of the log is first copied to a
file *.dwal.torn-OFFSET, then cut; damage is refused.

SIGINT, SIGTERM and SIGHUP end it in good order: what was read is appended
and synced. A summary goes to standard output, with --ack to standard error;
its bytes are those of whole records in the log, 28 more than key and payload.

Examples:
  journalctl -f -o json | datawal append ./log --sync every=1000
  producer | datawal append ./log --sync each --ack | consumer-of-txids
  datawal append ./log events.jsonl
  find . -print0 | datawal append ./log --null --key paths

Exit status: 0 done; 1 usage, input, the store is locked, or nobody reads the
output any more; 3 damage, no space, or the operating system failed; 128 + N
after signal N.)");
  auto arguments = std::make_shared<AppendArguments>();
  add_store(command, arguments->dir);
  command
      .add_option_function<std::vector<std::string>>(
          "FILE",
          [arguments](const std::vector<std::string>& names) {
            for (const std::string& name : names) {
              if (as_typed(name).empty()) throw CLI::ValidationError("FILE", "the name is empty");
              arguments->source.files.push_back(as_typed(name));
            }
          },
          "What to read, one after the other; - is standard input\n(default)")
      ->option_text("...");
  add_framing(command, arguments->source.framing,
              {.lines = "A record a line, without its newline; a last line that\nlacks one counts too (default)",
               .null_separated = "A record up to each NUL byte",
               .whole = "Each input is one record",
               .length_prefixed = "Before each record its length: 4 bytes, little-endian"});
  add_text(
      command, "--key", [arguments](const std::string& text) { arguments->source.key = text; },
      "A key that each record carries, up to 65536 bytes")
      ->option_text("TEXT");
  add_durability(command, *arguments);
  add_creation(command, arguments->open);
  add_writing(command, arguments->open);
  command.final_callback([&run, arguments] {
    if (arguments->source.files.empty()) arguments->source.files.emplace_back("-");
    run = [arguments](Console& console) { return append(console, *arguments); };
  });
}

}  // namespace datawal::cli
