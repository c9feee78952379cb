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

// Keys that are shown together.
class Group {
 public:
  Group(std::size_t together, const std::function<bool(const std::vector<std::string_view>&)>& take)
      : together_(together), take_(take) {}

  bool add(std::string_view key) {
    keys_.emplace_back(key);
    return keys_.size() < together_ || show();
  }
  bool show() {
    if (keys_.empty()) return true;
    const std::vector<std::string_view> views(keys_.begin(), keys_.end());
    const bool goes_on = take_(views);
    keys_.clear();
    return goes_on;
  }

 private:
  const std::size_t together_;
  const std::function<bool(const std::vector<std::string_view>&)>& take_;
  std::vector<std::string> keys_;
};

}  // namespace

std::expected<void, std::string> KeyList::for_each(
    std::size_t together, const std::function<bool(const std::vector<std::string_view>&)>& take) const {
  Group group(together, take);
  for (const std::string& key : keys) {
    if (!group.add(key)) return {};
  }
  if (!file.empty()) {
    const std::expected<InputFile, std::string> input = InputFile::open(file);
    if (!input) return std::unexpected(input.error());
    InputBuffer buffer;
    const StopSignal stop;
    InputRecords lines(input->fd(), input->shown_name(), is_null_separated ? Framing::null_separated : Framing::lines,
                       buffer, stop);
    for (;;) {
      const std::expected<std::optional<std::string_view>, std::string> line = lines.next();
      if (!line) return std::unexpected(line.error());
      if (!*line) break;
      if ((*line)->size() > max_key_len) {
        return std::unexpected(
            fmt::format("{}: the key has {} bytes, the limit is {}", lines.place(), (*line)->size(), max_key_len));
      }
      if (!group.add(**line)) return {};
    }
    if (stop.is_requested()) return std::unexpected(std::string("stopped by a signal"));
  }
  (void)group.show();
  return {};
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
