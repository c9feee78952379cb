#pragma once
// Verification as commands use it: the check itself, and saying what it found.

#include <filesystem>

#include <datawal/verify.hpp>

#include "cli/console.hpp"

namespace datawal::cli {

/// datawal::verify with a progress bar.
[[nodiscard]] Result<VerifyReport> check(const std::filesystem::path& dir);

/// Says on standard error what is wrong, where, and what to do.
/// @return the exit status: exit_done if nothing is
int judge(Console& console, const std::filesystem::path& dir, const VerifyReport& report);

}  // namespace datawal::cli
