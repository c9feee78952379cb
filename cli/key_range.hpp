#pragma once
// Which keys: `--prefix`, `--from`, `--to`.

#include <datawal/data_wal_cursor.hpp>

#include "cli/arguments.hpp"

namespace datawal::cli {

/// Adds the three options, into the bounds of a cursor. None is needed.
void add_key_range(CLI::App& command, CursorOptions& range);

/// Whether any of them was given.
[[nodiscard]] bool is_bounded(const CursorOptions& range) noexcept;

}  // namespace datawal::cli
