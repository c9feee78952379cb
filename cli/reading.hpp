#pragma once
// What commands that only read have in common: opening, walking, and reporting the end.

#include <filesystem>
#include <functional>
#include <optional>

#include <datawal/record_cursor.hpp>
#include <datawal/record_log_reader.hpp>

#include "cli/console.hpp"

namespace datawal::cli {

/// Opens the store in `dir` for reading. A directory without a segment is no store: reporting that all is well
/// there would hide a mistyped name.
/// @return nullopt after reporting why; `status` is then the exit status
[[nodiscard]] std::optional<RecordLogReader> open_to_read(Console& console, const std::filesystem::path& dir,
                                                          int& status);

/// Reports that `dir` holds no segment.
ExitCode fail_for_empty_store(Console& console, const std::filesystem::path& dir);

/// Reports that the log ends in a torn record, after a walk of all of it; `last` is its last whole record, of length 0 if there is none.
ExitCode fail_for_torn_tail(Console& console, const std::filesystem::path& dir, const RecordLogReader& reader,
                            const RecordCursor& cursor, const RecordRef& last);

/// Walks `cursor`; `visit` returns false to stop. Damage and torn tails are reported after everything before them was
/// visited.
/// @return the exit status
int walk(Console& console, const std::filesystem::path& dir, const RecordLogReader& reader, RecordCursor& cursor,
         const std::function<bool(const RecordView&)>& visit);

}  // namespace datawal::cli
