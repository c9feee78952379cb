#pragma once
// Verification for commands: the check itself, and the report of what it found.

#include <filesystem>

#include <datawal/verify.hpp>

#include "cli/console.hpp"

namespace datawal::cli {

/// datawal::verify with a progress bar.
[[nodiscard]] Result<VerifyReport> check(const std::filesystem::path& dir);

/// Prints what is wrong, where, and what to do, on standard error.
/// @return the exit status: exit_done if nothing is wrong
int judge(Console& console, const std::filesystem::path& dir, const VerifyReport& report);

}  // namespace datawal::cli
