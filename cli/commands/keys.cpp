// `datawal keys`: which keys there are.

#include <memory>
#include <string>
#include <string_view>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/key_printer.hpp"
#include "cli/key_range.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct KeysArguments {
  std::filesystem::path dir;
  CursorOptions range{.keys_only = true};
  std::optional<std::uint64_t> limit;
  RecordStyle style{.truncate = false};
  bool only_counts = false;
  bool is_null_separated = false;
};

// False after telling that a NUL byte behind it would not show where this key ends.
bool print_null_separated(Console& console, const KeysArguments& arguments, std::string_view key) {
  if (key.contains('\0')) {
    std::string shown;
    append_shown(shown, key, arguments.style);
    console.fail(exit_usage, {.code = "ambiguous",
                              .text = "the key " + shown +
                                      " holds a NUL byte itself, so that --null cannot tell where it "
                                      "ends: --json keeps any keys apart; those before it were printed",
                              .path = arguments.dir});
    return false;
  }
  console.out().write(key);
  console.out().write({"\0", 1});
  return true;
}

int list_keys(Console& console, const KeysArguments& arguments) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  CursorOptions range = arguments.range;
  if (arguments.only_counts) range.order = CursorOrder::log;  // begins at once
  Result<DataWalCursor> cursor = store->cursor(range);
  if (!cursor) return console.fail(cursor.error(), arguments.dir);
  KeyPrinter printer(console, arguments.style);
  std::uint64_t count = 0;
  while (count != arguments.limit && !console.out().has_failed()) {
    const Result<std::optional<KeyValue>> next = cursor->next();
    if (!next) return console.fail(next.error(), arguments.dir);
    if (!*next) break;
    ++count;
    const std::string_view key = (*next)->key;
    if (arguments.only_counts) continue;
    if (!arguments.is_null_separated || console.json()) {
      printer.print(key);
    } else if (!print_null_separated(console, arguments, key)) {
      return exit_usage;
    }
  }
  if (arguments.only_counts) ReportFields(console, "keys").number("keys", count).print();
  note_torn_tail(console, arguments.dir, store->report());
  return exit_done;
}

}  // namespace

void add_keys(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "keys", "Lists the keys that have a value, ascending.",
                                  R"(Takes no lock and changes nothing. Values are not read. All keys are looked at,
also for a range: the store keeps them in no order, so that some seconds for
each ten million keys pass before the first line.

A key that holds blanks, quotes or control bytes is shown as `datawal scan`
shows it; --null prints each as it is, and refuses one that holds a NUL byte.

Examples:
  datawal keys ./kv --prefix user: --limit 10
  datawal keys ./kv --from a --null | datawal get ./kv --null --keys-from -

Exit status: 0 done; 1 usage, or no store there; 3 damage, or reading or
printing failed.)");
  auto arguments = std::make_shared<KeysArguments>();
  add_store(command, arguments->dir);
  add_key_range(command, arguments->range);
  add_count(command, "--limit", arguments->limit, "Stop after N keys");
  CLI::Option* count = command.add_flag("--count", arguments->only_counts, "Only say how many there are");
  count->option_text(" ");
  command.add_flag("--null", arguments->is_null_separated, "Each as it is, with a NUL byte behind it")
      ->option_text(" ")
      ->excludes(count);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return list_keys(console, *arguments); }; });
}

}  // namespace datawal::cli
