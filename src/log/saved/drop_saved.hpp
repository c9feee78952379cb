#pragma once
// Removes `.index` or `.state` on request.

#include <filesystem>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

namespace datawal::log {

/// Removes `.index` or `.state`, durably, with the writer's lock.
/// @return whether there was one; not_found if there is no such directory; locked; invalid_argument if what has the name is no regular
///   file; io, also if it cannot be told whether there is one
[[nodiscard]] Result<bool> drop_saved(const std::filesystem::path& dir, const OpenOptions& options, const char* name,
                                      std::string_view action);

}  // namespace datawal::log
