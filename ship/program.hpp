#pragma once
// The command line.

#include <CLI/App.hpp>

#include <functional>

namespace datawal::ship {

/// What the command line asks for. @return the exit status
using Run = std::function<int()>;

/// Adds the commands to `program`; parsing it sets `run`.
void define_program(CLI::App& program, Run& run);

/// Parses, runs, and says what went wrong. @return the exit status
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace datawal::ship
