// `datawal hold`: which part of a store consumers still need, so that its space is not freed.

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <datawal/holds.hpp>
#include <datawal/record_log_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/json.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"

namespace datawal::cli {
namespace {

struct HoldArguments {
  std::filesystem::path dir;
  std::optional<std::string> name{};
  std::optional<std::uint64_t> txid{};
  bool drops = false;
  HoldOptions options{};
};

int list(Console& console, const std::filesystem::path& dir, const RecordLogReader& store) {
  const Result<std::vector<Hold>> holds = store.holds();
  if (!holds) return console.fail(holds.error(), dir);
  JsonLine json("hold");
  for (const Hold& hold : *holds) {
    if (console.json()) {
      json.start("hold");
      console.out().write(json.text("name", hold.name).number("txid", hold.txid).finish());
    } else {
      console.out().write(hold.name + ' ' + std::to_string(hold.txid) + '\n');
    }
  }
  return exit_done;
}

int drop(Console& console, const HoldArguments& arguments) {
  const Result<bool> dropped = drop_hold(arguments.dir, *arguments.name, arguments.options);
  if (!dropped) return console.fail(dropped.error(), arguments.dir);
  ReportFields(console, "hold").word("name", *arguments.name).truth("dropped", *dropped).print();
  return exit_done;
}

int set(Console& console, const HoldArguments& arguments, const RecordLogReader& store) {
  std::uint64_t txid = 0;
  if (arguments.txid) {
    txid = *arguments.txid;
  } else {
    const Result<DurableEnd> end = store.durable_end();
    if (!end) return console.fail(end.error(), arguments.dir);
    txid = end->txid;
  }
  const Result<void> done = hold_from(arguments.dir, *arguments.name, txid, arguments.options);
  if (!done) return console.fail(done.error(), arguments.dir);
  ReportFields(console, "hold").word("name", *arguments.name).number("txid", txid).print();
  return exit_done;
}

int run_hold(Console& console, const HoldArguments& arguments) {
  if (arguments.drops && !arguments.name) return console.fail_usage("say which hold to drop: its name");
  if (arguments.drops && arguments.txid) return console.fail_usage("--drop takes no TXID");
  int status = exit_done;
  const std::optional<RecordLogReader> store = open_to_read(console, arguments.dir, status);
  if (!store) return status;
  if (!arguments.name) return list(console, arguments.dir, *store);
  return arguments.drops ? drop(console, arguments) : set(console, arguments, *store);
}

std::uint64_t txid_of(const std::string& text) {
  std::uint64_t txid = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), txid);
  if (failed != std::errc() || end != text.data() + text.size()) {
    throw CLI::ValidationError("TXID", "'" + text + "' is no txid");
  }
  return txid;
}

}  // namespace

void add_hold(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "hold", "Sets, drops or lists what consumers still need.",
                                  R"(A consumer (a backup, a mirror, an indexer) that has taken all records up to
TXID sets a hold there, by a name of its own, and moves it on as it goes:
neither compaction nor `trim` touches a segment with a larger txid than the
lowest hold. Without TXID: what is appended from now on; 0: everything. Only
what is known to be durable can be held from, since no other txid is certain.

With DIR alone, lists them: name and txid. What they cost: `datawal stat`.

Takes no writer's lock, and works beside a live writer, which goes by the hold
from the next segment on. A hold that nobody moves on keeps all that is
appended: drop those of consumers that are gone.

Examples:
  datawal hold ./kv backup
  datawal hold ./kv backup 12345
  datawal hold ./kv backup --drop
  datawal hold ./kv

Exit status: 0 done, also if there was no such hold to drop; 1 usage, no store
there, or TXID is not known to be durable; 3 the holds cannot be read, or the
operating system failed.)");
  auto arguments = std::make_shared<HoldArguments>();
  add_store(command, arguments->dir);
  add_text(
      command, "NAME", [arguments](const std::string& text) { arguments->name = text; },
      "Whose: 1 to 64 letters, digits, '.', '_' or '-'")
      ->option_text(" ");
  add_text(
      command, "TXID", [arguments](const std::string& text) { arguments->txid = txid_of(text); },
      "Of the last record that is needed no more")
      ->option_text(" ");
  command.add_flag("--drop", arguments->drops, "Drop it")->option_text(" ");
  add_network(command, arguments->options.allow_network_filesystem);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return run_hold(console, *arguments); }; });
}

}  // namespace datawal::cli
