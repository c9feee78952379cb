#pragma once
// The part of a log that `--limit`, `--from-segment` and `--from-offset` choose.

#include <filesystem>
#include <functional>

#include <datawal/record.hpp>

#include "cli/arguments.hpp"
#include "cli/console.hpp"

namespace datawal::cli {

/// Shows the selected records of the store in `dir`.
/// @return the exit status
int walk_selection(Console& console, const std::filesystem::path& dir, const Selection& selection,
                   const std::function<void(const RecordView&)>& show);

}  // namespace datawal::cli
