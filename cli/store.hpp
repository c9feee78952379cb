#pragma once
// Opening key/value stores for commands.

#include <filesystem>
#include <optional>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

#include "cli/console.hpp"

namespace datawal::cli {

/// Opens the store in `dir` for reading: no lock, no mapping. A directory without a segment is no store.
/// @param uses_index  for who looks at little of it; else every record is read
/// @return nullopt after reporting why; `status` is then the exit status
[[nodiscard]] std::optional<DataWalReader> open_store(Console& console, const std::filesystem::path& dir, int& status,
                                                      bool uses_index = false);

/// Opens or makes the store in `dir` for changes, with a bar on a terminal, and reports what was quarantined.
/// @return as open_store
[[nodiscard]] std::optional<DataWal> open_store_for_writing(Console& console, const std::filesystem::path& dir,
                                                            OpenOptions options, int& status);

/// Checks that no store would be made in a `dir` with other things in it, most likely a mistyped name.
/// @return false after reporting what to do; `status` is then the exit status
[[nodiscard]] bool refuse_foreign_directory(Console& console, const std::filesystem::path& dir,
                                            const OpenOptions& options, int& status);

/// Reports that opening moved a torn tail aside, if it did.
void note_quarantine(Console& console, const RecoveryReport& report);

/// Reports that the view ends before a torn record, if it does.
void note_torn_tail(Console& console, const std::filesystem::path& dir, const RecoveryReport& report);

}  // namespace datawal::cli
