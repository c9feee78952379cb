#pragma once
// What each command does and prints.

#include "ship/arguments.hpp"
#include "ship/outcome.hpp"

namespace datawal::ship {

[[nodiscard]] Outcome<void> run_command(Arguments& arguments);
[[nodiscard]] Outcome<void> status_command(const Arguments& arguments);
[[nodiscard]] Outcome<void> verify_command(const Arguments& arguments);
[[nodiscard]] Outcome<void> rebuild_command(const Arguments& arguments);
[[nodiscard]] Outcome<void> takeover_command(const Arguments& arguments);
[[nodiscard]] Outcome<void> reseed_command(const Arguments& arguments);

}  // namespace datawal::ship
