#pragma once
// What a survey found, as the JSON that the page draws: written by `datawal page`, and by the page itself of what it has read.

#include <filesystem>
#include <string>

#include <datawal/survey.hpp>

#include "cli/page/summary.hpp"

namespace datawal::cli {

/// One object without its braces: a caller may add fields. Names of numbers are those of `datawal verify --json` and `datawal stat --json`.
/// @param dir  as sentences name the store
[[nodiscard]] std::string json_of(const SurveyReport& report, const Summary& summary, const std::filesystem::path& dir);

/// A script reads numbers as doubles: from 2^53 on in quotes, so that it is exact.
[[nodiscard]] std::string json_number(std::uint64_t number);

/// `text` in quotes, for JSON that may stand inside of HTML.
[[nodiscard]] std::string json_text(std::string_view text);

}  // namespace datawal::cli
