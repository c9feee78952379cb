#pragma once
// Opening key/value stores for commands.

#include <filesystem>
#include <optional>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

#include "cli/console.hpp"

namespace datawal::cli {

/// Opens the store in `dir` to look at it: no lock, no mapping. A directory without a segment is no store.
/// @return nullopt after telling why; `status` then says how to exit
[[nodiscard]] std::optional<DataWalReader> open_store(Console& console, const std::filesystem::path& dir, int& status);

/// Opens or makes the store in `dir` to change it, with a bar on a terminal, and tells what was quarantined.
/// @return as open_store
[[nodiscard]] std::optional<DataWal> open_store_for_writing(Console& console, const std::filesystem::path& dir,
                                                            OpenOptions options, int& status);

/// Where a store would be made, but other things lie in `dir` already: most likely a mistyped name.
/// @return false after telling how to go on; `status` then says how to exit
[[nodiscard]] bool refuse_foreign_directory(Console& console, const std::filesystem::path& dir,
                                            const OpenOptions& options, int& status);

/// Says that opening moved a torn tail aside, if it did.
void note_quarantine(Console& console, const RecoveryReport& report);

/// Says that the view ends before a torn record, if it does.
void note_torn_tail(Console& console, const std::filesystem::path& dir, const RecoveryReport& report);

}  // namespace datawal::cli
