#pragma once
// The command line: every command, and what holds for all of them.

#include <string>
#include <vector>

#include "cli/console.hpp"

namespace datawal::cli {

/// Parses `arguments` (see guarded_arguments()), runs the command and says what went wrong. Throws nothing.
/// @return the exit status, to be handed to Console::finish()
[[nodiscard]] int run_program(Console& console, const std::vector<std::string>& arguments);

}  // namespace datawal::cli
