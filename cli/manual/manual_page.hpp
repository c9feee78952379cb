#pragma once
// Manual pages in the language of man(7).

#include <CLI/App.hpp>

#include <string>

namespace datawal::cli {

/// PROGRAM.1
/// @param environment  what it reads there, in the language of man(7); empty: nothing
[[nodiscard]] std::string program_page(const CLI::App& program, const std::string& version,
                                       const std::string& environment = {});

/// PROGRAM-COMMAND.1
[[nodiscard]] std::string command_page(const CLI::App& program, const CLI::App& command, const std::string& version);

}  // namespace datawal::cli
