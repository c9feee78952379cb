// `datawal dump`: how the frames lie in the segments.

#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/record_printer.hpp"
#include "cli/selection.hpp"

namespace datawal::cli {
namespace {

struct DumpArguments {
  std::filesystem::path dir;
  Selection selection;
  RecordStyle style;
};

int dump(Console& console, const DumpArguments& arguments) {
  RecordPrinter printer(console, arguments.style);
  return walk_selection(console, arguments.dir, arguments.selection,
                        [&](const RecordView& record) { printer.print_frame(record); });
}

}  // namespace

void add_dump(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "dump", "Prints where each record lies, without its payload.",
                                  R"(Takes no lock and changes nothing. All numbers are bytes.

Examples:
  datawal --json dump ./log | jq .payload_len
  datawal dump ./log --limit 10
  datawal dump ./log --type Put --last 5

Exit status: 0 done; 1 usage, or no store there; 2 the log ends in a torn
record; 3 damage, or reading or printing failed.)");
  auto arguments = std::make_shared<DumpArguments>();
  add_store(command, arguments->dir);
  add_selection(command, arguments->selection);
  add_record_style(command, arguments->style);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return dump(console, *arguments); }; });
}

}  // namespace datawal::cli
