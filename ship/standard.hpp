#pragma once
// Standard output and standard error, also where they are closed, full, or nobody reads them.

#include <string_view>

#include "ship/outcome.hpp"

namespace datawal::ship {

/// First of all: a file of the store that is opened while descriptor 2 is free would become standard error. A closed pipe becomes a write
/// that fails.
void settle_standard_descriptors();

/// To standard error, the last resort: without it nobody can be told.
void tell(std::string_view text) noexcept;

/// A result, to standard output. @return exit_local if it does not take all of it; exit_usage if nobody reads it any more
[[nodiscard]] Outcome<void> print(std::string_view text);

}  // namespace datawal::ship
