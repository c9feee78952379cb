#pragma once
// Writes the description of a log up to P into a temporary, which gets its name once all that it describes is durable.

#include <functional>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>
#include <safeatomic/temporary.hpp>

#include "log/saved/saved_format.hpp"

namespace datawal::log {

/// A new file, 0600, with the owner of the store.
/// @param name  the one that it will get
[[nodiscard]] Result<safeatomic::TemporaryFile> make_saved_file(safeatomic::FileSystem& file_system,
                                                                safeatomic::Directory& directory,
                                                                std::string_view name);

/// Writes the beginning of the file: the header, and behind it `metadata`, which ends where the header says that pages begin. Not
/// synced. Must come last, since it notes the time.
[[nodiscard]] Result<void> write_saved_metadata(safeatomic::File& file, SavedHeader header,
                                                const std::string& metadata);

/// Syncs the file, then the log, and gives the file its name, which is durable once the directory is synced. So a name never stands
/// before what it describes is on the disk.
/// @param sync_log  what was appended up to P
[[nodiscard]] Result<void> publish_saved(safeatomic::TemporaryFile& file, const char* name,
                                         const std::function<Result<void>()>& sync_log);

}  // namespace datawal::log
