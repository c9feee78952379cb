#pragma once
// Manual pages in the language of man(7).

#include <CLI/App.hpp>

#include <string>

namespace datawal::cli {

/// datawal.1
[[nodiscard]] std::string program_page(const CLI::App& program, const std::string& version);

/// datawal-COMMAND.1
[[nodiscard]] std::string command_page(const CLI::App& command, const std::string& version);

}  // namespace datawal::cli
