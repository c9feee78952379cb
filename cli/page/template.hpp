#pragma once
// The page that shows a store, to be filled in.

#include <string_view>

namespace datawal::cli {

/// Empty in a program that was built without it (-DDATAWAL_PAGE=ON).
[[nodiscard]] std::string_view page_template() noexcept;

/// Where a report goes, and where the files that it carries.
inline constexpr std::string_view report_mark = "/*REPORT*/";
inline constexpr std::string_view files_mark = "<!--FILES-->";

}  // namespace datawal::cli
