#pragma once
// Which write path a log takes.

#include <cstdint>
#include <memory>

#include <datawal/options.hpp>
#include <safeatomic/file_system.hpp>

#include "segment/writer.hpp"

namespace datawal::log {

/// True for the mapped path: with `automatic`, only if the filesystem honours reserved space.
[[nodiscard]] bool takes_mapped_path(const safeatomic::Directory& directory, WritePath asked_for);

/// A writer for the segment in `file`, whose valid prefix and bytes end at `end`.
[[nodiscard]] std::shared_ptr<segment::Writer> make_writer(bool mapped, std::unique_ptr<safeatomic::File> file,
                                                           std::uint64_t end, std::uint64_t max_segment_bytes);

}  // namespace datawal::log
