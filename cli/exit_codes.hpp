#pragma once
// The program's exit status.

#include <datawal/error.hpp>

namespace datawal::cli {

enum ExitCode : int {
  exit_done = 0,
  exit_usage = 1,        ///< usage, input, a locked store; also: whoever read our output went away
  exit_recoverable = 2,  ///< a torn tail was seen, or a salvage had to leave something behind
  exit_damaged = 3,      ///< corruption, an unsupported version, or the operating system failed
};

/// The status for a failed call of the library.
[[nodiscard]] ExitCode exit_code_of(const Error& error) noexcept;

}  // namespace datawal::cli
