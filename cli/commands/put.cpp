// `datawal put`: one value, or many.

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include <datawal/data_wal.hpp>

#include "cli/commands/commands.hpp"
#include "cli/import.hpp"
#include "cli/input_files.hpp"
#include "cli/input_records.hpp"
#include "cli/key_argument.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct PutArguments {
  std::filesystem::path dir;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::optional<std::string> value_file;
  std::string lines_file{};  // keys and values; empty: --key says which
  OpenOptions open;
};

// All of an input as one value.
std::expected<std::string, std::string> read_value(const std::string& name) {
  const std::expected<InputFile, std::string> file = InputFile::open(name);
  if (!file) return std::unexpected(file.error());
  InputBuffer buffer;
  const StopSignal stop;
  InputRecords records(file->fd(), file->shown_name(), Framing::whole, buffer, stop);
  const std::expected<std::optional<std::string_view>, std::string> value = records.next();
  if (!value) return std::unexpected(value.error());
  if (stop.is_requested()) return std::unexpected("stopped by a signal");
  return std::string(value->value_or(std::string_view()));
}

void print(Console& console, const PutArguments& arguments, const DataWal& store) {
  const std::uint64_t txid = store.log().last_txid();
  ReportFields fields(console, "put");
  fields.json().base64("key_base64", *arguments.key);
  fields.number("txid", txid).json().boolean("durable", store.log().durable_txid() >= txid);
  if (console.json()) fields.print();
}

int close_store(Console& console, DataWal& store, const PutArguments& arguments) {
  const Result<void> closed = store.close();
  return closed ? static_cast<int>(exit_done) : console.fail(closed.error(), arguments.dir);
}

int put(Console& console, const PutArguments& arguments) {
  if (!arguments.lines_file.empty()) {
    if (arguments.key || arguments.value || arguments.value_file) {
      return console.fail_usage("--lines brings keys and values: none beside it");
    }
    return import_lines(console, {.dir = arguments.dir, .file = arguments.lines_file, .open = arguments.open});
  }
  if (!arguments.key) return console.fail_usage("--key, --key-base64, --key-hex or --lines is required");
  // Before the store is opened, so that a mistyped name does not make one.
  std::expected<std::string, std::string> value = arguments.value ? *arguments.value
                                                                  : read_value(arguments.value_file.value_or("-"));
  if (!value) return console.fail(exit_usage, {.code = "input", .text = value.error() + "; nothing was put"});
  int status = exit_done;
  std::optional<DataWal> store = open_store_for_writing(console, arguments.dir, arguments.open, status);
  if (!store) return status;
  if (const Result<void> done = store->put(*arguments.key, *value, {.sync = true}); !done) {
    return console.fail(done.error(), arguments.dir);
  }
  print(console, arguments, *store);
  return close_store(console, *store, arguments);
}

}  // namespace

void add_put(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "put", "Sets the value of a key, or of many.",
                                  R"(Makes the store if need be. When it says that it is done, the value survives a
loss of power. A value may hold up to 67108864 bytes (64 MiB), a key 65536.
--lines takes lines of JSON as `datawal export` writes them, as `datawal import`
does.

Examples:
  datawal put ./kv --key user:17 '{"name":"Ada"}'
  datawal put ./kv --key photo --value-file ada.jpg
  datawal export ./kv | datawal put ./copy --lines -

Exit status: 0 done; 1 usage, input, or the store is locked; 3 damage, no
space, or the operating system failed.)");
  auto arguments = std::make_shared<PutArguments>();
  add_store(command, arguments->dir);
  CLI::Option* value = add_text(
      command, "VALUE", [arguments](const std::string& text) { arguments->value = text; }, "The value as it is typed");
  value->option_text("(standard input)");
  add_path(
      command, "--value-file", [arguments](const std::string& text) { arguments->value_file = text; },
      "Take the value from this file; - is standard input")
      ->option_text("FILE")
      ->excludes(value);
  add_path(
      command, "--lines", [arguments](const std::string& text) { arguments->lines_file = text; },
      "Keys and values from this file, a JSON object a line;\n- is standard input")
      ->option_text("FILE");
  add_optional_key(command, arguments->key);
  add_creation(command, arguments->open);
  add_writing(command, arguments->open);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return put(console, *arguments); }; });
}

}  // namespace datawal::cli
