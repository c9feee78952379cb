#pragma once
// The segments of a directory that is already open.

#include <cstdint>
#include <optional>
#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::segment {

/// A segment's name in a directory, and what it stood for when it was looked at.
struct Entry {
  std::uint32_t id = 0;
  safeatomic::FileInfo info{};
};

/// The segment that `name` in `directory` is; nullopt if it is not named like one, or is gone.
/// @return corruption if it is named like a segment and is not a regular file: to wait on a FIFO or to follow a link out
///   of the directory would serve whoever put it there
[[nodiscard]] Result<std::optional<Entry>> look_at(const safeatomic::Directory& directory, std::string_view name);

}  // namespace datawal::segment
