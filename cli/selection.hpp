#pragma once
// The part of a log that a command prints.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include <datawal/record.hpp>

#include "cli/arguments.hpp"
#include "cli/console.hpp"
#include "cli/record_filter.hpp"

namespace datawal::cli {

/// Where to begin and end, which records, and in which order.
struct Selection {
  std::optional<std::uint64_t> limit{};
  std::optional<std::uint64_t> from_segment{};
  std::optional<std::uint64_t> from_offset{};
  std::optional<std::uint64_t> last{};
  bool is_reversed = false;
  RecordFilter filter{};
};
void add_selection(CLI::App& command, Selection& selection);

/// Shows the selected records of the store in `dir`. For the last ones and for the reversed order the log is read twice, and 16 bytes a
/// record that is to be shown are kept.
/// @return the exit status
int walk_selection(Console& console, const std::filesystem::path& dir, const Selection& selection,
                   const std::function<void(const RecordView&)>& show);

}  // namespace datawal::cli
