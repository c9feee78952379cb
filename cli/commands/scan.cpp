// `datawal scan`: one record per line.

#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/record_printer.hpp"
#include "cli/selection.hpp"

namespace datawal::cli {
namespace {

struct ScanArguments {
  std::filesystem::path dir;
  Selection selection;
  RecordStyle style;
};

int scan(Console& console, const ScanArguments& arguments) {
  RecordPrinter printer(console, arguments.style);
  return walk_selection(console, arguments.dir, arguments.selection,
                        [&](const RecordView& record) { printer.print_record(record); });
}

}  // namespace

void add_scan(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "scan", "Prints the records, oldest first.",
                                  R"(Takes no lock and changes nothing: works beside a live writer and on a
read-only mount. Records are printed up to the first damage, which is then
told on standard error.

A line: segment, byte offset and length of the record in its segment's file,
type (RAW, PUT, DEL), transaction id, key, payload.

Examples:
  datawal --json scan ./log | jq -r .payload_base64 | base64 -d
  datawal scan ./log --grep door --from-txid 1000
  datawal scan ./log --reverse --limit 20

Exit status: 0 done; 1 usage, or no store there; 2 the log ends in a torn
record; 3 damage, or reading or printing failed.)");
  auto arguments = std::make_shared<ScanArguments>();
  add_store(command, arguments->dir);
  add_selection(command, arguments->selection);
  add_record_style(command, arguments->style);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return scan(console, *arguments); }; });
}

}  // namespace datawal::cli
