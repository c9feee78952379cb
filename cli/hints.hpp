#pragma once
// What to type next if the library's sentence, written for callers of functions, names no command.

#include <filesystem>
#include <string>
#include <string_view>

#include <datawal/error.hpp>

namespace datawal::cli {

/// For a failed call of `command` on the store in `dir`; empty if there is nothing to type.
[[nodiscard]] std::string hint_for(const Error& error, const std::filesystem::path& dir, std::string_view command);

/// For a `dir` that holds no store: the command that makes one if that would help `command`, else how to look.
[[nodiscard]] std::string hint_to_make(const std::filesystem::path& dir, std::string_view command);

}  // namespace datawal::cli
