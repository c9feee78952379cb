#pragma once
// The pass of scrub(), for stores that are open already.

#include <memory>

#include <datawal/scrub.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::kv {

/// As datawal::scrub, of the store in an open directory.
[[nodiscard]] Result<ScrubReport> scrub(std::shared_ptr<safeatomic::Directory> directory, const ScrubOptions& options);

}  // namespace datawal::kv
