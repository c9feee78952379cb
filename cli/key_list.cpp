#include "cli/key_list.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <optional>
#include <utility>

#include <datawal/base64.hpp>
#include <datawal/record.hpp>

#include "cli/input_files.hpp"
#include "cli/input_records.hpp"
#include "cli/key_argument.hpp"

namespace datawal::cli {
namespace {

// An option that may come again and again.
CLI::Option* add_repeated(CLI::App& command, const std::string& name,
                          const std::function<void(const std::string&)>& take, const std::string& text) {
  return command
      .add_option_function<std::vector<std::string>>(
          name,
          [take](const std::vector<std::string>& values) {
            for (const std::string& value : values) take(as_typed(value));
          },
          text)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace

std::expected<void, std::string> KeyList::for_each(const StopSignal& stop,
                                                   const std::function<bool(std::string_view)>& take) const {
  // First of all, so that a mistyped name leaves everything as it is.
  std::optional<InputFile> input;
  if (!file.empty()) {
    std::expected<InputFile, std::string> opened = InputFile::open(file);
    if (!opened && stop.is_requested()) return {};  // while it waited for the writer of a FIFO
    if (!opened) return std::unexpected(opened.error());
    input.emplace(std::move(*opened));
  }
  for (const std::string& key : keys) {
    if (stop.is_requested() || !take(key)) return {};
  }
  if (!input) return {};
  InputBuffer buffer;
  InputRecords lines(input->fd(), input->shown_name(), is_null_separated ? Framing::null_separated : Framing::lines,
                     buffer, stop);
  for (;;) {
    const std::expected<std::optional<std::string_view>, std::string> line = lines.next();
    if (!line) return std::unexpected(line.error() + "; the keys before it were dealt with");
    if (!*line) return {};
    if ((*line)->size() > max_key_len) {
      return std::unexpected(
          fmt::format("{}: the key has {} bytes, the limit is {}; the keys before it were dealt with", lines.place(),
                      (*line)->size(), max_key_len));
    }
    if (!take(**line)) return {};
  }
}

void add_key_list(CLI::App& command, KeyList& list) {
  CLI::Option* text = add_repeated(
      command, "--key", [&list](const std::string& key) { list.keys.push_back(key); },
      "A key as it is typed; may be empty, and come again");
  text->option_text("TEXT");
  add_repeated(
      command, "--key-base64",
      [&list](const std::string& value) {
        std::string key;
        if (!decode_base64(value, key)) throw CLI::ValidationError("--key-base64", "'" + value + "' is no base64");
        list.keys.push_back(std::move(key));
      },
      "A key in standard padded base64")
      ->option_text("B64");
  add_repeated(
      command, "--key-hex",
      [&list](const std::string& value) {
        std::optional<std::string> key = parse_hex(value);
        if (!key) throw CLI::ValidationError("--key-hex", "'" + value + "' is no pairs of hexadecimal digits");
        list.keys.push_back(std::move(*key));
      },
      "A key in hexadecimal digits")
      ->option_text("HEX");
  CLI::Option* from = add_path(
      command, "--keys-from", [&list](const std::string& name) { list.file = name; },
      "More keys, one a line; - is standard input");
  from->option_text("FILE");
  command.add_flag("--null", list.is_null_separated, "In FILE a NUL byte stands behind each key, not a newline")
      ->option_text(" ")
      ->needs(from);
}

}  // namespace datawal::cli
