#pragma once
// Errors of handles that can no longer be used.

#include <string_view>

#include <datawal/error.hpp>

namespace datawal {

/// @param action  the intended use of the handle; a literal
[[nodiscard, gnu::cold]] inline Error moved_from(std::string_view action) {
  return {.code = Errc::closed, .action = action, .detail = "this handle was moved from"};
}

/// The same in a forked child.
[[nodiscard, gnu::cold]] inline Error of_another_process(std::string_view action) {
  return {.code = Errc::closed, .action = action, .detail = "it belongs to the process that forked this one"};
}

}  // namespace datawal
