#pragma once
// Handles that cannot be used any more.

#include <string_view>

#include <datawal/error.hpp>

namespace datawal {

/// @param action  what the handle was to be used for; a literal
[[nodiscard, gnu::cold]] inline Error moved_from(std::string_view action) {
  return {.code = Errc::closed, .action = action, .detail = "this handle was moved from"};
}

/// The same in a child that was forked.
[[nodiscard, gnu::cold]] inline Error of_another_process(std::string_view action) {
  return {.code = Errc::closed, .action = action, .detail = "it belongs to the process that forked this one"};
}

}  // namespace datawal
