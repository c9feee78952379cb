#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>

#include <map>

#include "cli/numbers.hpp"

namespace datawal::cli {

namespace {

// Prefix of an argument that must not be taken for an option or a list. No argument is likely to begin with it; one that
// does gets another.
constexpr char guard = '\x01';

std::string guarded(const std::string& text) { return guard + text; }

}  // namespace

std::vector<std::string> guarded_arguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  bool options_ended = false;
  for (int i = 1; i < argc; ++i) {
    std::string text = argv[i];
    if (options_ended) {
      arguments.push_back(guarded(text));
    } else if (text == "--") {
      options_ended = true;
    } else if (text.starts_with("--") && text.find('=') == text.size() - 1) {
      text.pop_back();
      arguments.push_back(text);
      arguments.emplace_back();
    } else {
      arguments.push_back(text.starts_with('[') || text.starts_with(guard) ? guarded(text) : text);
    }
  }
  return arguments;
}

std::string as_typed(const std::string& guarded) { return guarded.starts_with(guard) ? guarded.substr(1) : guarded; }

CLI::Option* add_text(CLI::App& command, const std::string& name, const std::function<void(const std::string&)>& take,
                      const std::string& text) {
  return command.add_option_function<std::string>(
      name, [take](const std::string& value) { take(as_typed(value)); }, text);
}

CLI::Option* add_path(CLI::App& command, const std::string& name, const std::function<void(const std::string&)>& take,
                      const std::string& text) {
  const auto take_name = [name, take](const std::string& typed) {
    if (typed.empty()) throw CLI::ValidationError(name, "the name is empty");
    take(typed);
  };
  return add_text(command, name, take_name, text);
}

void add_json(CLI::App& command) {
  const std::string text =
      "One JSON object a line on standard output instead of\ntext; failures also as JSON on standard error";
  command.add_flag("--json", text);
}

CLI::App& add_command(CLI::App& program, const std::string& name, const std::string& purpose,
                      const std::string& footer) {
  CLI::App* command = program.add_subcommand(name, purpose);
  command->footer(footer);
  command->group("Commands");
  add_json(*command);
  return *command;
}

void add_store(CLI::App& command, std::filesystem::path& dir) {
  add_path(
      command, "DIR", [&dir](const std::string& text) { dir = text; }, "The store's directory")
      ->option_text(" ")
      ->required();
}

CLI::Option* add_count(CLI::App& command, const std::string& name, std::optional<std::uint64_t>& value,
                       const std::string& text) {
  const auto take = [&value, name](const std::string& typed) {
    value = parse_count(typed);
    if (!value) throw CLI::ValidationError(name, "'" + typed + "' is not a number of 0 or more");
  };
  return add_text(command, name, take, text)->option_text("N");
}

void add_speed(CLI::App& command, std::uint64_t& bytes, const std::string& text) {
  const std::string name = "--max-bytes-per-second";
  const auto take = [&bytes, name](const std::string& typed) {
    const std::optional<std::uint64_t> parsed = parse_bytes(typed);
    if (!parsed || *parsed == 0) throw CLI::ValidationError(name, "'" + typed + "' is not a number of bytes above 0");
    bytes = *parsed;
  };
  add_text(command, name, take, text)->option_text("N");
}

void add_record_style(CLI::App& command, RecordStyle& style) {
  const auto take = [&style](const std::string& text) {
    const std::map<std::string, BytesMode> modes = {{"auto", BytesMode::automatic},
                                                    {"raw", BytesMode::raw},
                                                    {"base64", BytesMode::base64},
                                                    {"hex", BytesMode::hex}};
    const auto mode = modes.find(text);
    if (mode == modes.end()) throw CLI::ValidationError("--bytes", "'" + text + "' is none of auto, raw, base64, hex");
    style.bytes = mode->second;
  };
  add_text(command, "--bytes", take,
           "How keys and payloads are shown (default auto):\n"
           "auto    printable ASCII as it is, anything else b64:...\n"
           "raw     as text, UTF-8 too, other bytes as \\xNN\n"
           "base64  always b64:...\n"
           "hex     always hex:...\n"
           "JSON always carries whole keys and payloads in base64")
      ->option_text("MODE");
  command.add_flag_callback(
      "--no-truncate", [&style] { style.truncate = false; }, "Show keys and payloads whole, not their first 64 bytes");
}

void add_network(CLI::App& command, bool& allow) {
  command.add_flag("--allow-network-filesystem", allow,
                   "Write on NFS, SMB and the like, where locks do not hold\nreliably: you vouch for a single writer");
}

void add_creation(CLI::App& command, OpenOptions& options) {
  CLI::Option* exists = command.add_flag_callback(
      "--must-exist", [&options] { options.mode = OpenMode::must_exist; },
      "Fail where there is no store, instead of making one");
  CLI::Option* is_new = command.add_flag_callback(
      "--must-be-new", [&options] { options.mode = OpenMode::must_be_new; }, "Fail where there is a store already");
  exists->option_text(" ")->excludes(is_new);
  is_new->option_text(" ");
}

void add_writing(CLI::App& command, OpenOptions& options) {
  const auto take_segment_bytes = [&options](const std::string& text) {
    const std::optional<std::uint64_t> bytes = parse_bytes(text);
    if (!bytes) throw CLI::ValidationError("--segment-bytes", "'" + text + "' is not a number of bytes");
    options.max_segment_bytes = *bytes;
  };
  add_text(command, "--segment-bytes", take_segment_bytes,
           "Begin a new file before one grows beyond N bytes, or N\n"
           "KiB, MiB, GiB with K, M, G behind it (default 256M);\n0: never. Compaction needs room for one")
      ->option_text("N");
  const auto take = [&options](const std::string& text) {
    if (text == "auto") {
      options.write_path = WritePath::automatic;
    } else if (text == "mapped") {
      options.write_path = WritePath::mapped;
    } else if (text == "append") {
      options.write_path = WritePath::append;
    } else {
      throw CLI::ValidationError("--write-path", "'" + text + "' is none of auto, mapped, append");
    }
  };
  add_text(command, "--write-path", take,
           "How records reach the file; the bytes are the same:\n"
           "auto    mapped where the filesystem keeps its word on\n"
           "        reserved space, else append (default)\n"
           "mapped  small ones through memory, into space reserved\n"
           "        ahead\n"
           "append  each by a write")
      ->option_text("PATH");
  add_network(command, options.allow_network_filesystem);
}

}  // namespace datawal::cli
