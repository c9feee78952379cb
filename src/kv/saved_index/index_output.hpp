#pragma once
// Writing a persisted index into a temporary file.

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/index/key_directory.hpp"
#include "kv/saved_index/index_image.hpp"

namespace datawal::kv {

/// Writes the whole index into `file`, which is new and empty; not synced. Nobody changes `directory` meanwhile, all pages of which are
/// loaded, and it is that of the image.
/// @return its bytes; no_space; io; corruption if the directory leads to places that the image does not have
[[nodiscard]] Result<std::uint64_t> write_index(const IndexImage& image, const KeyDirectory& directory,
                                                safeatomic::File& file);

}  // namespace datawal::kv
