#pragma once
// Writing a persisted index into a temporary file.

#include <cstdint>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/futex_mutex.hpp"
#include "kv/index/key_directory.hpp"
#include "kv/saved_index/index_image.hpp"

namespace datawal::kv {

/// What was written.
struct WrittenIndex {
  std::uint64_t pages_begin = 0;
  SavedDirectory directory{};  ///< only where the directory's memory is limited, which then takes its pages from there
};

/// Writes the whole index into `file`, which is new and empty; not synced. Throws std::bad_alloc.
/// @param frozen   the directory as it was at the image's P
/// @param changes  the lock of its owner, held for some microseconds at a time
/// @return no_space; io; corruption if the directory leads to places that the image does not have, or knows another number of keys, or
///   if a page that is on file cannot be had
[[nodiscard]] Result<WrittenIndex> write_index(const IndexImage& image, KeyDirectory& directory,
                                               FrozenDirectory& frozen, FutexMutex& changes, safeatomic::File& file);

}  // namespace datawal::kv
