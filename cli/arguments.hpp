#pragma once
// Options shared by several commands, and numbers, which are refused rather than guessed.

#include <CLI/App.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <datawal/options.hpp>

#include "cli/console.hpp"
#include "cli/human.hpp"

namespace datawal::cli {

/// The chosen command and its arguments, ready to run; returns the exit status.
using Run = std::function<int(Console&)>;

/// `--json`, which may stand before or after the command.
void add_json(CLI::App& command);

/// CLI11 splits `[a,b]` into a list, takes the next argument for the value of `--key=`, and forgets `--` once it has all
/// that a command requires. This turns the arguments after the program's name into ones that it takes literally.
std::vector<std::string> guarded_arguments(int argc, char** argv);

/// A guarded argument as it was typed.
std::string as_typed(const std::string& guarded);

/// An option or a positional with a value, as typed; `take` throws CLI::ValidationError if it is wrong.
CLI::Option* add_text(CLI::App& command, const std::string& name, const std::function<void(const std::string&)>& take,
                      const std::string& text);

/// The same for the name of a file or directory: never empty, which is what an unset variable of a script leaves.
CLI::Option* add_path(CLI::App& command, const std::string& name, const std::function<void(const std::string&)>& take,
                      const std::string& text);

/// Starts a command: its name, one sentence, and what `--help` says below the options (examples, exit status).
CLI::App& add_command(CLI::App& program, const std::string& name, const std::string& purpose,
                      const std::string& footer);

/// The positional DIR, into `dir`.
void add_store(CLI::App& command, std::filesystem::path& dir);

/// `--name N`: decimal digits.
CLI::Option* add_count(CLI::App& command, const std::string& name, std::optional<std::uint64_t>& value,
                       const std::string& text);

/// `--max-bytes-per-second N`: as `parse_bytes`, above 0.
void add_speed(CLI::App& command, std::uint64_t& bytes, const std::string& text);

/// `--bytes` and `--no-truncate`.
void add_record_style(CLI::App& command, RecordStyle& style);

/// `--allow-network-filesystem`.
void add_network(CLI::App& command, bool& allow);

/// What a command that makes stores may find: `--must-exist`, `--must-be-new`.
void add_creation(CLI::App& command, OpenOptions& options);

/// How a command that appends opens its store: `--segment-bytes`, `--write-path`, `--allow-network-filesystem`.
void add_writing(CLI::App& command, OpenOptions& options);

}  // namespace datawal::cli
