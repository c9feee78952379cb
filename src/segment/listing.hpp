#pragma once
// The segments of an open directory.

#include <cstdint>
#include <optional>
#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::segment {

/// A segment's name in a directory, and the file it named when it was looked up.
struct Entry {
  std::uint32_t id = 0;
  safeatomic::FileInfo info{};
};

/// The segment `name` in `directory`; nullopt if it is not named like one, or is gone.
/// @return corruption if it is named like a segment but is not a regular file: waiting on a FIFO or following a link out
///   of the directory would serve whoever put it there
[[nodiscard]] Result<std::optional<Entry>> look_at(const safeatomic::Directory& directory, std::string_view name);

}  // namespace datawal::segment
