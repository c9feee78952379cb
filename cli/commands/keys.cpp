// `datawal keys`: which keys there are.

#include <memory>
#include <string>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
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

class KeyPrinter {
 public:
  KeyPrinter(Console& console, const KeysArguments& arguments) : console_(console), arguments_(arguments) {}

  void print(std::string_view key) {
    if (console_.json()) {
      json_.start("key");
      json_.base64("key_base64", key);
      console_.out().write(json_.finish());
      return;
    }
    if (arguments_.is_null_separated) {
      console_.out().write(key);
      console_.out().write({"\0", 1});
      return;
    }
    line_.clear();
    append_shown(line_, key, arguments_.style);
    line_ += '\n';
    console_.out().write(line_);
  }

 private:
  Console& console_;
  const KeysArguments& arguments_;
  JsonLine json_{"key"};
  std::string line_{};
};

int list_keys(Console& console, const KeysArguments& arguments) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  CursorOptions range = arguments.range;
  if (arguments.only_counts) range.order = CursorOrder::log;  // begins at once
  Result<DataWalCursor> cursor = store->cursor(range);
  if (!cursor) return console.fail(cursor.error(), arguments.dir);
  KeyPrinter printer(console, arguments);
  std::uint64_t count = 0;
  while (count != arguments.limit && !console.out().has_failed()) {
    const Result<std::optional<KeyValue>> next = cursor->next();
    if (!next) return console.fail(next.error(), arguments.dir);
    if (!*next) break;
    ++count;
    if (!arguments.only_counts) printer.print((*next)->key);
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
shows it; --null prints each as it is.

Examples:
  datawal keys ./kv --prefix user: --limit 10
  datawal keys ./kv --from a --to b --null | datawal get ./kv --null --keys-from -

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
