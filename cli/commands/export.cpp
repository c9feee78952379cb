// `datawal export` and `datawal import`: live keys as lines of JSON, and back.

#include <memory>
#include <string>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/import.hpp"
#include "cli/progress_bar.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct ExportArguments {
  std::filesystem::path dir;
  std::string file = "-";
};

Result<ExportStats> export_lines(Console& console, const DataWalReader& store, const std::string& file,
                                 const ExportOptions& options) {
  if (file != "-") return store.export_jsonl(file, options);
  return store.export_jsonl_to(
      [&console](std::string_view lines) {
        console.out().write(lines);
        return !console.out().has_failed();
      },
      options);
}

int export_store(Console& console, const ExportArguments& arguments) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  ProgressBar bar("exporting");
  const Result<ExportStats> stats = export_lines(console, *store, arguments.file, {.on_progress = bar.callback()});
  bar.wipe();
  if (!stats) return console.fail(stats.error(), arguments.dir);
  note_torn_tail(console, arguments.dir, store->report());
  if (arguments.file == "-") return exit_done;  // standard output holds the lines and nothing else
  ReportFields fields(console, "export");
  fields.path("outfile", arguments.file).number("records_written", stats->records_written);
  fields.number("bytes_written", stats->bytes_written);
  fields.print();
  return exit_done;
}

}  // namespace

void add_export(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "export", "Writes all live keys and values as lines of JSON.",
                                  R"(One line per key, {"key_b64":"...","value_b64":"..."}, by ascending key. Takes
no lock and changes nothing in DIR. A file appears whole or not at all.

Examples:
  datawal export ./kv backup.jsonl
  datawal export ./kv - | gzip > backup.jsonl.gz

Exit status: 0 done; 1 usage, no store there, or nobody reads the output any
more; 3 damage, no space, or the operating system failed.)");
  auto arguments = std::make_shared<ExportArguments>();
  add_store(command, arguments->dir);
  add_path(
      command, "OUTFILE", [arguments](const std::string& text) { arguments->file = text; },
      "The file to write or replace; - is standard output\n(default)")
      ->option_text(" ");
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return export_store(console, *arguments); }; });
}

void add_import(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "import", "Puts keys and values from lines of JSON.",
                                  R"(Reads what `datawal export` writes, and makes the store if need be. Blank lines
are passed over. Lines are put one by one as they are read: at a bad line it
stops, what was before it is kept, and its number is told. What was put
survives a loss of power when the command ends.

Examples:
  datawal import ./kv backup.jsonl
  zcat backup.jsonl.gz | datawal import ./kv -

Exit status: 0 done; 1 usage, a bad line, an input that cannot be read, or the
store is locked; 3 damage, no space, or the operating system failed.)");
  auto arguments = std::make_shared<ImportArguments>();
  arguments->offers_to_skip = true;
  add_store(command, arguments->dir);
  add_path(
      command, "FILE", [arguments](const std::string& text) { arguments->file = text; },
      "What to read; - is standard input (default)")
      ->option_text(" ");
  command.add_flag("--skip-bad", arguments->skip_bad, "Leave out lines that are no records, and count them");
  add_creation(command, arguments->open);
  add_writing(command, arguments->open);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return import_lines(console, *arguments); }; });
}

}  // namespace datawal::cli
