// `datawal get`: values of keys.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/json.hpp"
#include "cli/key_list.hpp"
#include "cli/stop_signal.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct GetArguments {
  std::filesystem::path dir;
  KeyList keys;
};

void print_json(Console& console, std::string_view key, std::optional<std::string_view> value) {
  JsonLine line(value ? "value" : "miss");
  line.base64("key_base64", key);
  if (value) line.base64("value_base64", *value).number("value_len", value->size());
  console.out().write(line.finish());
}

int get_one(Console& console, const GetArguments& arguments, const DataWalReader& store) {
  const std::string& key = arguments.keys.keys.front();
  const Result<std::optional<std::string>> value = store.get(key);
  if (!value) return console.fail(value.error(), arguments.dir);
  if (console.json()) {
    print_json(console, key, *value ? std::optional<std::string_view>(**value) : std::nullopt);
  } else if (*value) {
    console.out().write(**value);
    if (::isatty(STDOUT_FILENO) == 1) console.out().write("\n");
  }
  if (*value) return exit_done;
  return console.fail(exit_recoverable, {.code = "miss", .text = "the key is not there", .path = arguments.dir});
}

void print_line(Console& console, std::string_view key, std::string_view value) {
  const RecordStyle whole{.truncate = false};
  std::string line;
  append_shown(line, key, whole);
  line += '\t';
  append_shown(line, value, whole);
  line += '\n';
  console.out().write(line);
}

int get_many(Console& console, const GetArguments& arguments, const DataWalReader& store) {
  std::uint64_t missing = 0;
  std::optional<Error> failed;
  const StopSignal stop;
  const auto print = [&](std::string_view key) {
    const Result<std::optional<std::string>> value = store.get(key);
    if (!value) {
      failed = value.error();
      return false;
    }
    if (!*value) ++missing;
    if (console.json()) {
      print_json(console, key, *value ? std::optional<std::string_view>(**value) : std::nullopt);
    } else if (*value) {
      print_line(console, key, **value);
    }
    return !console.out().has_failed();
  };
  const std::expected<void, std::string> read = arguments.keys.for_each(stop, print);
  if (failed) return console.fail(*failed, arguments.dir);
  if (!read) return console.fail(exit_usage, {.code = "input", .text = read.error()});
  if (stop.is_requested()) {
    return console.fail(exit_usage,
                        {.code = "signal", .text = "stopped by a signal; the keys until then were printed"});
  }
  if (missing == 0) return exit_done;
  return console.fail(
      exit_recoverable,
      {.code = "miss",
       .text = fmt::format("{} not there", missing == 1 ? "1 key is" : fmt::format("{} keys are", missing)),
       .path = arguments.dir});
}

int get(Console& console, const GetArguments& arguments) {
  if (arguments.keys.is_empty()) return console.fail_usage("--key, --key-base64, --key-hex or --keys-from is required");
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status, true);
  if (!store) return status;
  return arguments.keys.is_single() ? get_one(console, arguments, *store) : get_many(console, arguments, *store);
}

}  // namespace

void add_get(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "get", "Prints the value of a key, or of many.",
                                  R"(Takes no lock and changes nothing. The value's bytes come out as they are, with
a newline behind them only on a terminal. The key and the checksum are compared
in the record itself. Where the store has a persisted index that fits, only that
and what lies behind it is read, not every record. Of several keys, a line each:
the key, a tab, the value, both as `datawal scan` shows them; keys that are not
there are left out.

Examples:
  datawal get ./kv --key user:17
  datawal --json get ./kv --keys-from wanted.txt

Exit status: 0 found; 1 usage, a bad line, no store there, or a signal; 2 a key
is not there; 3 damage, or reading failed.)");
  auto arguments = std::make_shared<GetArguments>();
  add_store(command, arguments->dir);
  add_key_list(command, arguments->keys);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return get(console, *arguments); }; });
}

}  // namespace datawal::cli
