// `datawal checkpoint`: a consistent copy of a store that is in use.

#include <memory>

#include <datawal/record_log_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"

namespace datawal::cli {
namespace {

struct CheckpointArguments {
  std::filesystem::path dir;
  std::filesystem::path target;
  std::filesystem::path previous;
};

// Between looking and linking a compaction may remove a segment that is not kept open: then look again.
constexpr int max_tries = 10;

int checkpoint(Console& console, const CheckpointArguments& arguments) {
  int status = exit_done;
  std::optional<RecordLogReader> reader = open_to_read(console, arguments.dir, status);
  if (!reader) return status;
  CheckpointReport report;
  for (int tries = 1;; ++tries) {
    const Result<void> made = reader->checkpoint(arguments.target, {.previous = arguments.previous, .report = &report});
    if (made) break;
    const bool again = made.error().code == Errc::snapshot_expired && tries < max_tries;
    if (!again) return console.fail(made.error(), arguments.dir);
    if (const Result<bool> refreshed = reader->refresh(); !refreshed)
      return console.fail(refreshed.error(), arguments.dir);
  }
  ReportFields fields(console, "checkpoint");
  fields.path("target", arguments.target).number("segments", report.segments);
  fields.number("bytes", report.bytes).number("linked", report.linked);
  fields.print();
  return exit_done;
}

}  // namespace

void add_checkpoint(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "checkpoint", "Makes a consistent copy of a store that may be in use.",
                                  R"(TARGET must be absent, and not inside DIR. It becomes a store of its own, with
what DIR held at one instant. Sealed segments are hard links where the
filesystem lets us, which costs no space; the newest segment is copied. Takes
no lock. Neither store ever changes the other. After a crash TARGET is
complete or absent.

With --incremental, what PREVIOUS, an earlier checkpoint, holds with the same
bytes is linked to it: for checkpoints on another disk.

Examples:
  datawal checkpoint ./kv ./kv.monday
  datawal checkpoint ./kv ./kv.tuesday --incremental ./kv.monday

Exit status: 0 done; 1 usage, no store there, or TARGET exists; 3 damage, no
space, or the operating system failed.)");
  auto arguments = std::make_shared<CheckpointArguments>();
  add_store(command, arguments->dir);
  add_path(
      command, "TARGET", [arguments](const std::string& text) { arguments->target = text; }, "The new directory")
      ->option_text(" ")
      ->required();
  add_path(
      command, "--incremental", [arguments](const std::string& text) { arguments->previous = text; },
      "An earlier checkpoint to share files with")
      ->option_text("PREVIOUS");
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return checkpoint(console, *arguments); }; });
}

}  // namespace datawal::cli
