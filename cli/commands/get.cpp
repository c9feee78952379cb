// `datawal get`: the value of one key.

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/json.hpp"
#include "cli/key_argument.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct GetArguments {
  std::filesystem::path dir;
  std::string key;
};

int get(Console& console, const GetArguments& arguments) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  const Result<std::optional<std::string>> value = store->get(arguments.key);
  if (!value) return console.fail(value.error(), arguments.dir);
  if (console.json()) {
    JsonLine line(*value ? "value" : "miss");
    line.base64("key_base64", arguments.key);
    if (*value) line.base64("value_base64", **value).number("value_len", (*value)->size());
    console.out().write(line.finish());
  } else if (*value) {
    console.out().write(**value);
    if (::isatty(STDOUT_FILENO) == 1) console.out().write("\n");
  }
  if (*value) return exit_done;
  return console.fail(exit_recoverable, {.code = "miss", .text = "the key is not there", .path = arguments.dir});
}

}  // namespace

void add_get(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "get", "Prints the value of a key.",
                                  R"(Takes no lock and changes nothing. The value's bytes come out as they are, with
a newline behind them only on a terminal. The key and the checksum are compared
in the record itself.

Examples:
  datawal get ./kv --key user:17
  datawal --json get ./kv --key-hex 00ff | jq -r .value_base64

Exit status: 0 found; 1 usage, or no store there; 2 the key is not there;
3 damage, or reading failed.)");
  auto arguments = std::make_shared<GetArguments>();
  add_store(command, arguments->dir);
  add_key(command, arguments->key);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return get(console, *arguments); }; });
}

}  // namespace datawal::cli
