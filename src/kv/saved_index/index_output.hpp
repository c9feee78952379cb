#pragma once
// Writing a persisted index into a temporary file.

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/futex_mutex.hpp"
#include "kv/index/key_directory.hpp"
#include "kv/saved_index/index_image.hpp"

namespace datawal::kv {

/// Writes the whole index into `file`, which is new and empty; not synced. Throws std::bad_alloc.
/// @param frozen   the directory as it was at the image's P
/// @param changes  the lock of its owner, held for some microseconds at a time
/// @return its bytes; no_space; io; corruption if the directory leads to places that the image does not have
[[nodiscard]] Result<std::uint64_t> write_index(const IndexImage& image, KeyDirectory& directory,
                                                FrozenDirectory& frozen, FutexMutex& changes, safeatomic::File& file);

}  // namespace datawal::kv
