#pragma once
// The command line: every command, and what is common to all.

#include <string>
#include <vector>

#include "cli/arguments.hpp"

namespace datawal::cli {

/// Adds the commands, and what is common to all, to `program`; parsing it sets `run`.
void define_program(CLI::App& program, Run& run);

/// Parses `arguments` (see guarded_arguments()), runs the command and reports what went wrong. Throws nothing.
/// @return the exit status, for Console::finish()
[[nodiscard]] int run_program(Console& console, const std::vector<std::string>& arguments);

}  // namespace datawal::cli
