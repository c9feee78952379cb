#pragma once
// What a shell needs to know to complete the arguments of a program.

#include <CLI/App.hpp>

#include <string>

namespace datawal::cli {

[[nodiscard]] std::string bash_completion(const CLI::App& program);
[[nodiscard]] std::string zsh_completion(const CLI::App& program);

}  // namespace datawal::cli
